// Two decoded recordings on one clock: both start at the same instant and run to the end, a gain
// decides which is heard. Switching is exact to the sample and nothing can drift.
import type { Ab, Side } from './pair'

/** What decoded sound may take of memory: some six minutes of both sides, one channel. */
const DECODED_BYTES_MAX = 128 * 1048576
const RATE = 48000
/** A step in the gain would click. */
const FADE_SECONDS = 0.005

export interface Shape {
  seconds: number
  channels: number
}

/** Whether both sides may be held decoded. */
export function fitsMemory(shapes: Shape[]): boolean {
  return shapes.reduce((sum, { seconds, channels }) => sum + seconds * RATE * channels * 4, 0) <= DECODED_BYTES_MAX
}

async function decode(blob: Blob): Promise<AudioBuffer> {
  return new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer())
}

interface Voice {
  source: AudioBufferSourceNode
  gain: GainNode
}

export class SamplePair implements Ab {
  private context: AudioContext | null = null
  private voices: Record<Side, Voice> | null = null
  private heard: Side = 'result'
  private timer: ReturnType<typeof setInterval> | undefined
  /** Where it stands, or stood when the voices started. */
  private from = 0
  private startedAt = 0

  static async of(blobs: Record<Side, Blob>, onChange: () => void): Promise<SamplePair> {
    const [original, result] = await Promise.all([decode(blobs.original), decode(blobs.result)])
    return new SamplePair({ original, result }, onChange)
  }

  private constructor(
    private readonly buffers: Record<Side, AudioBuffer>,
    private readonly onChange: () => void,
  ) {}

  get side(): Side {
    return this.heard
  }

  get isPlaying(): boolean {
    return this.voices !== null
  }

  get position(): number {
    if (!this.voices || !this.context) return this.from
    return Math.min(this.duration, this.from + Math.max(0, this.context.currentTime - this.startedAt))
  }

  get duration(): number {
    return Math.max(this.buffers.original.duration, this.buffers.result.duration)
  }

  hear(side: Side): void {
    this.heard = side
    const now = this.context?.currentTime ?? 0
    for (const each of ['original', 'result'] as const) {
      const gain = this.voices?.[each].gain.gain
      gain?.setValueAtTime(gain.value, now)
      gain?.linearRampToValueAtTime(each === side ? 1 : 0, now + FADE_SECONDS)
    }
    this.onChange()
  }

  private voice(context: AudioContext, side: Side): Voice {
    const source = new AudioBufferSourceNode(context, { buffer: this.buffers[side] })
    const gain = new GainNode(context, { gain: side === this.heard ? 1 : 0 })
    source.connect(gain).connect(context.destination)
    return { source, gain }
  }

  private start(context: AudioContext): void {
    this.voices = { original: this.voice(context, 'original'), result: this.voice(context, 'result') }
    this.startedAt = context.currentTime
    for (const { source } of Object.values(this.voices)) source.start(this.startedAt, this.from)
  }

  private silence(): void {
    this.from = this.position
    for (const { source, gain } of Object.values(this.voices ?? {})) {
      source.stop()
      gain.disconnect()
    }
    this.voices = null
  }

  async play(): Promise<void> {
    if (this.isPlaying) return
    if (this.position >= this.duration - 0.05) this.from = 0
    this.context ??= new AudioContext({ sampleRate: RATE })
    this.start(this.context)
    this.timer ??= setInterval(() => this.tick(), 50)
    this.onChange()
    await this.context.resume().catch(() => undefined) // closed meanwhile
  }

  private tick(): void {
    if (this.position >= this.duration) this.pause()
    else this.onChange()
  }

  pause(): void {
    this.silence()
    clearInterval(this.timer)
    this.timer = undefined
    this.onChange()
  }

  seek(seconds: number): void {
    const wasPlaying = this.isPlaying
    this.silence()
    this.from = Math.max(0, Math.min(seconds, this.duration))
    if (wasPlaying && this.context) this.start(this.context)
    this.onChange()
  }

  close(): void {
    clearInterval(this.timer)
    this.silence()
    void this.context?.close()
  }
}
