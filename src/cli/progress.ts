import cliProgress from 'cli-progress'
import { formatBytes } from '../config/bytes.ts'

/** How far some work is. */
export interface Step {
  readonly rows: number
  readonly bytes: number
  /** 0 to 1; undefined where nobody knows the end, or not yet. */
  readonly share: number | undefined
}

/** Without a terminal: how often a line tells that long work goes on. */
const LINE_INTERVAL_MS = 10_000

const BAR_STEPS = 1000

/**
 * Shows on standard error how long work goes on: a bar on a terminal, elsewhere a line every ten seconds, so that
 * short work is silent there.
 */
export class Progress {
  readonly #label: string
  readonly #bar: cliProgress.SingleBar | undefined
  #nextLineMs = Date.now() + LINE_INTERVAL_MS

  /** @param hasEnd - false where nobody will know how far the work is: then there is no bar to fill */
  constructor(label: string, hasEnd: boolean) {
    this.#label = label
    if (!process.stderr.isTTY) return
    this.#bar = new cliProgress.SingleBar(
      {
        format: hasEnd ? '{label} {bar} {share} | {figures}' : '{label} … {figures}',
        stream: process.stderr,
        clearOnComplete: true,
        barsize: 30,
        fps: 5,
      },
      cliProgress.Presets.shades_grey,
    )
    this.#bar.start(BAR_STEPS, 0, payloadOf(label, { rows: 0, bytes: 0, share: undefined }))
  }

  update(step: Step): void {
    this.#bar?.update(Math.floor((step.share ?? 0) * BAR_STEPS), payloadOf(this.#label, step))
    if (this.#bar !== undefined || Date.now() < this.#nextLineMs) return
    this.#nextLineMs = Date.now() + LINE_INTERVAL_MS
    const { share, figures } = payloadOf(this.#label, step)
    process.stderr.write(`${this.#label}: ${share.trimStart()} ${figures}\n`)
  }

  /** Takes the bar away again. Idempotent. */
  stop(): void {
    this.#bar?.stop()
  }
}

function payloadOf(label: string, { rows, bytes, share }: Step) {
  return {
    label,
    share:
      share === undefined
        ? '   …'
        : `${Math.floor(share * 100)
            .toString()
            .padStart(3)}%`,
    figures: `${countOf(rows, 'row')}, ${formatBytes(bytes)}`,
  }
}

/** `1 row`, `45,031 rows`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
