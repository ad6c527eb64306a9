// Two recordings of the same thing played as one: both run all the time, one is heard, so
// switching is instant and stays at the same position.
import { fitsMemory, SamplePair, type Shape } from './samples'

export type Side = 'original' | 'result'

/** Times in seconds. Tells `onChange` whatever it changes, and often while it plays. */
export interface Ab {
  readonly side: Side
  readonly isPlaying: boolean
  readonly position: number
  readonly duration: number
  hear(side: Side): void
  play(): Promise<void>
  pause(): void
  seek(seconds: number): void
  close(): void
}

/** Exact to the sample where both sides fit into memory; else by media elements, which may be
 * some hundredths of a second apart. `shapes`: null for what could not be decoded. */
export async function pairOf(blobs: Record<Side, Blob>, shapes: (Shape | null)[], onChange: () => void): Promise<Ab> {
  const known = shapes.filter((shape) => shape !== null)
  if (known.length === shapes.length && fitsMemory(known))
    try {
      return await SamplePair.of(blobs, onChange)
    } catch {
      // Not enough memory after all.
    }
  return new ElementPair(blobs, onChange)
}

const DRIFT_SECONDS = 0.03

class ElementPair implements Ab {
  private readonly elements: Record<Side, HTMLAudioElement>
  private readonly urls: string[]
  private heard: Side = 'result'
  private timer: ReturnType<typeof setInterval> | undefined

  constructor(
    blobs: Record<Side, Blob>,
    private readonly onChange: () => void,
  ) {
    const make = (blob: Blob) => {
      const element = new Audio(URL.createObjectURL(blob))
      element.preload = 'auto'
      element.addEventListener('loadedmetadata', onChange)
      element.addEventListener('ended', () => this.pause())
      return element
    }
    this.elements = { original: make(blobs.original), result: make(blobs.result) }
    this.urls = [this.elements.original.src, this.elements.result.src]
    this.hear('result')
  }

  get side(): Side {
    return this.heard
  }

  get isPlaying(): boolean {
    return !this.lead.paused
  }

  get position(): number {
    return this.lead.currentTime
  }

  get duration(): number {
    const { original, result } = this.elements
    return Math.max(original.duration || 0, result.duration || 0)
  }

  private get lead(): HTMLAudioElement {
    return this.elements[this.heard]
  }

  private get other(): HTMLAudioElement {
    return this.elements[this.heard === 'original' ? 'result' : 'original']
  }

  private align(): void {
    if (Math.abs(this.other.currentTime - this.lead.currentTime) > DRIFT_SECONDS) this.other.currentTime = this.lead.currentTime
  }

  hear(side: Side): void {
    if (side !== this.heard) this.align()
    this.heard = side
    this.lead.muted = false
    this.other.muted = true
    this.onChange()
  }

  async play(): Promise<void> {
    if (this.position >= this.duration - 0.05) this.seek(0)
    this.align()
    this.timer ??= setInterval(this.onChange, 50)
    try {
      await Promise.all([this.lead.play(), this.other.play()])
    } catch {
      this.pause() // stopped before it began, or the browser does not play it
    }
    this.onChange()
  }

  pause(): void {
    this.lead.pause()
    this.other.pause()
    clearInterval(this.timer)
    this.timer = undefined
    this.align()
    this.onChange()
  }

  seek(seconds: number): void {
    this.lead.currentTime = seconds
    this.other.currentTime = seconds
    this.onChange()
  }

  close(): void {
    clearInterval(this.timer)
    for (const element of Object.values(this.elements)) {
      element.pause()
      element.removeAttribute('src')
    }
    for (const url of this.urls) URL.revokeObjectURL(url)
  }
}
