// Records the microphone as WAV, which the service takes: what browsers record by themselves
// (WebM) it does not.
import { Mic, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { clock } from '@/lib/format'
import { notify } from '@/lib/notices'
import { enhance } from '@/strings'
import { Button } from '@/ui/kit'
import { wavOf } from './wav'
import workletUrl from './capture-worklet.js?url'

interface Session {
  stop: () => void
}

async function startSession(onDone: (wav: Blob) => void): Promise<Session> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  })
  const context = new AudioContext()
  const blocks: Float32Array[] = []
  await context.audioWorklet.addModule(workletUrl)
  const capture = new AudioWorkletNode(context, 'capture')
  capture.port.onmessage = (event: MessageEvent<Float32Array>) => blocks.push(event.data)
  context.createMediaStreamSource(stream).connect(capture)
  return {
    stop: () => {
      for (const track of stream.getTracks()) track.stop()
      void context.close()
      if (blocks.length) onDone(wavOf(blocks, context.sampleRate))
    },
  }
}

export default function Recorder({ onRecorded }: { onRecorded: (file: File) => void }) {
  const session = useRef<Session | null>(null)
  const [elapsed, setElapsed] = useState<number | null>(null)
  const isRecording = elapsed !== null

  useEffect(() => {
    if (!isRecording) return undefined
    const timer = setInterval(() => setElapsed((now) => (now ?? 0) + 1), 1000)
    return () => clearInterval(timer)
  }, [isRecording])
  useEffect(() => () => session.current?.stop(), [])

  const start = async () => {
    try {
      session.current = await startSession((wav) => {
        const time = new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }).replace(':', '.')
        onRecorded(new File([wav], enhance.recordingName(time), { type: 'audio/wav' }))
      })
      setElapsed(0)
    } catch {
      notify('bad', enhance.noMicrophone)
    }
  }
  const stop = () => {
    session.current?.stop()
    session.current = null
    setElapsed(null)
  }
  if (isRecording)
    return (
      <Button look="danger" onClick={stop}>
        <Square aria-hidden size={16} />
        {enhance.stop(clock(elapsed))}
      </Button>
    )
  return (
    <Button onClick={() => void start()}>
      <Mic aria-hidden size={18} />
      {enhance.record}
    </Button>
  )
}
