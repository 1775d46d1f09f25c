import { isHttpUrl } from "./dataTransfer";

/** The field for an image URL: it keeps a URL until the image is there, and shows the error if that fails. */
export class UrlField {
  text = $state("");
  error = $state("");
  isPending = $state(false);

  /** Return the URL, or undefined if the text is not one; `error` then says so. */
  validate(): string | undefined {
    const url = this.text.trim();
    this.error = isHttpUrl(url) ? "" : "An image URL must start with https:// or http://.";
    return this.error ? undefined : url;
  }
}
