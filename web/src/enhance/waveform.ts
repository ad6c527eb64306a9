// Waveforms: the loudest sample of each of many equal parts.
export const PARTS = 600
/** Decoding takes some 20 times a compressed file's size in memory: longer ones go without. */
const DECODED_BYTES_MAX = 60 * 1048576

export function peaksOf(samples: Float32Array, parts: number): Float32Array {
  const peaks = new Float32Array(parts)
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((part * samples.length) / parts)
    const to = Math.max(from + 1, Math.floor(((part + 1) * samples.length) / parts))
    let peak = 0
    for (let i = from; i < to && i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i] ?? 0))
    peaks[part] = peak
  }
  return peaks
}

export interface Sketch {
  peaks: Float32Array
  seconds: number
  channels: number
}

/** Null when the browser cannot decode it, or it is too large to. */
export async function sketchOf(blob: Blob): Promise<Sketch | null> {
  if (blob.size > DECODED_BYTES_MAX) return null
  try {
    const context = new OfflineAudioContext(1, 1, 8000)
    const decoded = await context.decodeAudioData(await blob.arrayBuffer())
    return { peaks: peaksOf(decoded.getChannelData(0), PARTS), seconds: decoded.duration, channels: decoded.numberOfChannels }
  } catch {
    return null
  }
}

export interface Lane {
  peaks: Float32Array | null
  color: string
}

/** Draws the lanes one above the other; what lies before `played` (0 to 1) in full colour. */
export function drawLanes(canvas: HTMLCanvasElement, lanes: Lane[], played: number): void {
  const scale = window.devicePixelRatio || 1
  const width = canvas.clientWidth
  const height = canvas.clientHeight
  const context = canvas.getContext('2d')
  if (!context || width === 0) return
  if (canvas.width !== width * scale || canvas.height !== height * scale) {
    canvas.width = width * scale
    canvas.height = height * scale
  }
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, height)
  const laneHeight = height / lanes.length
  const bars = Math.floor(width / 3)
  lanes.forEach((lane, index) => {
    const middle = laneHeight * (index + 0.5)
    context.fillStyle = lane.color
    for (let bar = 0; bar < bars; bar++) {
      const peak = lane.peaks?.[Math.floor((bar / bars) * PARTS)] ?? 0
      const half = Math.max(0.75, peak * laneHeight * 0.46)
      context.globalAlpha = bar / bars < played ? 1 : 0.4
      context.fillRect(bar * 3, middle - half, 2, half * 2)
    }
  })
}
