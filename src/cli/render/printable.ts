const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/**
 * What a machine or a file says, without what would move the cursor or recolour the terminal: a file on a machine that
 * someone else holds must not be able to paint over a plan. Tabs and line ends stay.
 */
export const printable = (text: string): string =>
  text.replaceAll(control, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`)
