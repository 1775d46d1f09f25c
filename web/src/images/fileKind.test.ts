import { describe, expect, it } from "vitest";
import { formatVideoCommand, readFileKind } from "./fileKind";

function makeFile(content: string, type = "", name = "file"): File {
  return new File([Uint8Array.from(content, (character) => character.charCodeAt(0))], name, { type });
}

describe("readFileKind", () => {
  it.each([
    [makeFile(""), "empty"],
    [makeFile("\xff\xd8\xff\xe0\0\x10JFIF"), "image"],
    [makeFile("RIFF\0\0\0\0WEBPVP8 ", "text/plain"), "image"],
    [makeFile("\0\0\0\x1cftypavif"), "image"],
    [makeFile("\0\0\0\x20ftypmif1\0\0\0\0mif1avif"), "image"],
    [makeFile("\0\0\0\x18ftypheic"), "heic"],
    [makeFile("\0\0\0\x18ftypmif1\0\0\0\0mif1heic"), "heic"],
    [makeFile("\0\0\0\x18ftypisom"), "video"],
    [makeFile("\0\0\0\x14ftypqt  ", "application/octet-stream"), "video"],
    [makeFile("\x1a\x45\xdf\xa3webm"), "video"],
    [makeFile("RIFF\0\0\0\0AVI LIST"), "video"],
    [makeFile("unknown container", "video/x-flv"), "video"],
    [makeFile("RIFF\0\0\0\0WAVEfmt "), "audio"],
    [makeFile("%PDF-1.7"), "pdf"],
    [makeFile("x", "text/plain"), "other"],
    [makeFile("not an image", "image/png"), "unknown"],
    [makeFile("no extension"), "unknown"],
  ])("reads the content before the media type", async (file, kind) => {
    expect(await readFileKind(file)).toBe(kind);
  });

  it("takes a file that cannot be read for a folder", async () => {
    const folder = { slice: () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadableError")) }) };
    expect(await readFileKind(folder as unknown as File)).toBe("folder");
  });
});

it("quotes a file name in a command if it needs that", () => {
  expect(formatVideoCommand("clip.mp4")).toBe("mememoji video clip.mp4");
  expect(formatVideoCommand("my clip.mp4")).toBe('mememoji video "my clip.mp4"');
});
