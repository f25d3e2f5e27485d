/** HAProxy's double quotes still expand `$` and know `\` and `"`. */
export const quote = (text: string): string => `"${inQuotes(text)}"`

export const inQuotes = (text: string): string => text.replace(/[\\"$]/g, "\\$&")
