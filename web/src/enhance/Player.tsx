import { clsx } from 'clsx'
import { Pause, Play } from 'lucide-react'
import { useEffect, useReducer, useRef, useState } from 'react'
import { usageChanged } from '@/lib/queries'
import { clock } from '@/lib/format'
import { onThemeChange } from '@/lib/theme'
import { player } from '@/strings'
import { Button, Failure, Skeleton } from '@/ui/kit'
import { fetchOriginal, fetchResult } from './files'
import { pairOf, type Ab, type Side } from './pair'
import { drawLanes, sketchOf } from './waveform'

interface Loaded {
  pair: Ab
  peaks: Record<Side, Float32Array | null>
}

const SIDES: Side[] = ['original', 'result']

function useLoaded(jobId: string) {
  const [loaded, setLoaded] = useState<Loaded | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [attempt, retry] = useReducer((n: number) => n + 1, 0)
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  useEffect(() => {
    let pair: Ab | null = null
    let isGone = false
    setError(null)
    void (async () => {
      try {
        const [original, result] = await Promise.all([fetchOriginal(jobId), fetchResult(jobId)])
        usageChanged()
        const sketches = { original: await sketchOf(original.blob), result: await sketchOf(result.blob) }
        if (isGone) return
        const blobs = { original: original.blob, result: result.blob }
        pair = await pairOf(blobs, [sketches.original, sketches.result], redraw)
        if (isGone) return pair.close()
        setLoaded({ pair, peaks: { original: sketches.original?.peaks ?? null, result: sketches.result?.peaks ?? null } })
      } catch (caught) {
        if (!isGone) setError(caught)
      }
    })()
    return () => {
      isGone = true
      pair?.close()
      setLoaded(null)
    }
  }, [jobId, attempt])
  return { loaded, error, retry }
}

function Waveforms({ pair, peaks }: Loaded) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const draw = () => {
    if (!canvas.current) return
    const style = getComputedStyle(canvas.current)
    const color = (name: '--accent' | '--line-strong') => style.getPropertyValue(name) // registered in styles.css
    const lanes = SIDES.map((side) => ({
      peaks: peaks[side],
      color: color(side === pair.side ? '--accent' : '--line-strong'),
    }))
    drawLanes(canvas.current, lanes, pair.duration ? pair.position / pair.duration : 0)
  }
  const latest = useRef(draw)
  latest.current = draw
  useEffect(draw)
  useEffect(() => {
    const redraw = () => latest.current()
    const observer = new ResizeObserver(redraw)
    if (canvas.current) observer.observe(canvas.current)
    const forget = onThemeChange(redraw)
    return () => {
      observer.disconnect()
      forget()
    }
  }, [])
  return (
    <div className="relative">
      <canvas ref={canvas} role="img" aria-label={player.waveform} className="h-36 w-full rounded-lg bg-sunken" />
      <input
        type="range"
        aria-label={player.position}
        aria-valuetext={player.positionText(clock(pair.position), clock(pair.duration))}
        min={0}
        max={Math.max(pair.duration, 0.01)}
        step={0.1}
        value={pair.position}
        onChange={(event) => pair.seek(Number(event.target.value))}
        className="absolute inset-0 h-full w-full cursor-pointer appearance-none bg-transparent opacity-0 focus-visible:opacity-30"
      />
    </div>
  )
}

function SidePicker({ pair }: { pair: Ab }) {
  return (
    <fieldset className="flex rounded-lg border border-line-strong p-0.5">
      <legend className="sr-only">{player.hear}</legend>
      {SIDES.map((side) => (
        <label
          key={side}
          className={clsx(
            'flex min-h-9 cursor-pointer items-center rounded-md px-4 text-sm font-semibold has-focus-visible:outline-3 has-focus-visible:outline-accent',
            pair.side === side ? 'bg-accent text-on-accent' : 'hover:bg-sunken',
          )}
        >
          <input type="radio" name="side" className="sr-only" checked={pair.side === side} onChange={() => pair.hear(side)} />
          {player[side]}
        </label>
      ))}
    </fieldset>
  )
}

export default function Player({ jobId }: { jobId: string }) {
  const { loaded, error, retry } = useLoaded(jobId)
  if (error)
    return (
      <div className="mt-4">
        <Failure error={error} onRetry={retry} />
      </div>
    )
  if (!loaded)
    return (
      <div role="status" aria-label={player.loading}>
        <Skeleton className="mt-4 h-56" />
      </div>
    )
  const { pair } = loaded
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key.toLowerCase() === 'x') pair.hear(pair.side === 'original' ? 'result' : 'original')
  }
  return (
    <div className="mt-4 rounded-xl border border-line bg-page p-3 sm:p-4" onKeyDown={onKey} role="group" aria-label={player.hear}>
      <Waveforms {...loaded} />
      <div className="mt-3 flex flex-wrap items-center gap-3">
        <Button look="main" className="min-w-28" onClick={() => void (pair.isPlaying ? pair.pause() : pair.play())}>
          {pair.isPlaying ? <Pause aria-hidden size={18} /> : <Play aria-hidden size={18} />}
          {pair.isPlaying ? player.pause : player.play}
        </Button>
        <SidePicker pair={pair} />
        <p className="text-sm text-soft tabular-nums">
          {clock(pair.position)} / {clock(pair.duration)}
        </p>
        <p className="hidden text-sm text-soft sm:block">{player.hint}</p>
      </div>
    </div>
  )
}
