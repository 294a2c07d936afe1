/** Long names are cut: a message travels in a header of the response, of 8 KB at most for all of them. */
const SHOWN_MAX = 200

/** A name or text from a client as it may stand in a message. */
export function shown(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`
}
