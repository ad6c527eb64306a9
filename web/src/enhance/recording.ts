// Records the microphone as WAV, which the service takes: what browsers record by themselves
// (WebM) it does not. Loaded when somebody records.
import { wavOf } from './wav'
import workletUrl from './capture-worklet.js?url'

export interface Session {
  stop: () => void
}

export async function startSession(onDone: (wav: Blob) => void): Promise<Session> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  })
  const context = new AudioContext()
  const letGo = () => {
    for (const track of stream.getTracks()) track.stop()
    void context.close()
  }
  const blocks: Float32Array[] = []
  try {
    await context.audioWorklet.addModule(workletUrl)
    const capture = new AudioWorkletNode(context, 'capture')
    capture.port.onmessage = (event: MessageEvent<Float32Array>) => blocks.push(event.data)
    context.createMediaStreamSource(stream).connect(capture)
  } catch (error) {
    letGo()
    throw error
  }
  return {
    stop: () => {
      letGo()
      if (blocks.length) onDone(wavOf(blocks, context.sampleRate))
    },
  }
}
