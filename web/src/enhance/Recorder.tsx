import { Mic, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { clock } from '@/lib/format'
import { notify } from '@/lib/notices'
import { enhance } from '@/strings'
import { Button } from '@/ui/kit'
import type { Session } from './recording'

export function Recorder({ onRecorded }: { onRecorded: (file: File) => void }) {
  const session = useRef<Session | null>(null)
  const isGone = useRef(false)
  const [isStarting, setStarting] = useState(false)
  const [elapsed, setElapsed] = useState<number | null>(null)
  const isRecording = elapsed !== null

  useEffect(() => {
    if (!isRecording) return undefined
    const timer = setInterval(() => setElapsed((now) => (now ?? 0) + 1), 1000)
    return () => clearInterval(timer)
  }, [isRecording])
  useEffect(
    () => () => {
      isGone.current = true
      session.current?.stop()
    },
    [],
  )

  const start = async () => {
    setStarting(true)
    try {
      const { startSession } = await import('./recording')
      session.current = await startSession((wav) => {
        const time = new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }).replace(':', '.')
        onRecorded(new File([wav], enhance.recordingName(time), { type: 'audio/wav' }))
      })
      // The page may have been left while the browser asked for permission.
      if (isGone.current) session.current.stop()
      else setElapsed(0)
    } catch {
      notify('bad', enhance.noMicrophone)
    }
    setStarting(false)
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
    <Button disabled={isStarting} onClick={() => void start()}>
      <Mic aria-hidden size={18} />
      {enhance.record}
    </Button>
  )
}
