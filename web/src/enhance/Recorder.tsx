import { Mic, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { clock } from '@/lib/format'
import { notify } from '@/lib/notices'
import { enhance } from '@/strings'
import { Button } from '@/ui/kit'
import type { Session } from './recording'

export function Recorder({ onRecorded }: { onRecorded: (file: File) => void }) {
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
      const { startSession } = await import('./recording')
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
