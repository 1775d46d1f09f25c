/** What the live view draws; kept while other views are open. */
class LiveOptions {
  /** Whether meme faces are drawn over the faces. */
  memes = $state(true);
}

export const liveOptions = new LiveOptions();
