import { clsx } from 'clsx'
import { FolderOpen, Upload } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { ApiError } from '@/api/errors'
import { early } from '@/lib/early'
import { enhance } from '@/strings'
import { Button, Select } from '@/ui/kit'
import { EXTENSIONS, MEBIBYTE, useUploadOptions, type AudioType, type UploadOptions } from './options'
import { queue } from './queue'
import { Recorder } from './Recorder'

/** What the server would refuse for sure, told before a byte is sent. */
export function refusalOf(file: { name: string; size: number }, bytesMax: number): ApiError | undefined {
  const name = file.name.toLowerCase()
  if (!EXTENSIONS.some((extension) => name.endsWith(extension))) return new ApiError(400, enhance.wrongFormat(file.name))
  if (file.size === 0) return new ApiError(400, enhance.emptyFile(file.name))
  if (file.size > bytesMax) return new ApiError(413, enhance.tooLarge(file.name, Math.round(bytesMax / MEBIBYTE)))
  return undefined
}

function TypePicker({ types, value, onPick }: { types: AudioType[]; value: string; onPick: (id: string) => void }) {
  return (
    <fieldset className="w-full sm:w-auto">
      <legend className="mb-1 text-sm font-semibold">{enhance.type}</legend>
      <div className="grid gap-2 sm:flex sm:flex-wrap">
        {types.map((type) => (
          <label
            key={type.id}
            className="flex min-h-10 cursor-pointer items-center gap-2 rounded-lg border border-line-strong bg-card px-3 py-1.5 text-sm has-checked:border-accent has-checked:bg-accent-soft not-has-checked:hover:bg-sunken has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="type"
              value={type.id}
              checked={type.id === value}
              onChange={() => onPick(type.id)}
              className="accent-accent outline-none"
            />
            <span>
              <span className="font-semibold">{type.name}</span>
              {type.text && <span className="block text-xs text-soft">{type.text}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

interface Choice {
  type: string
  strength: string
  output: string
}

/** What was chosen before the app had started stands. */
function firstChoice(): Choice {
  return {
    type: early.valueOf('type') ?? 'speech_enhancement',
    strength: early.valueOf('strength') ?? '',
    output: early.valueOf('output') ?? '',
  }
}

function fieldsOf(choice: Choice, options: UploadOptions): Record<string, string> {
  const type = options.types.find((other) => other.id === choice.type) ?? options.types[0]
  return {
    ...(type ? { processing_type: type.id } : {}),
    ...(options.strengths.length > 1 && choice.strength ? { strength: choice.strength } : {}),
    ...(options.outputs.length > 1 && choice.output ? { output_format: choice.output } : {}),
  }
}

function Choices({ options, choice, onChange }: { options: UploadOptions; choice: Choice; onChange: (choice: Choice) => void }) {
  return (
    <div className="mb-4 flex flex-wrap gap-4">
      <TypePicker types={options.types} value={choice.type} onPick={(id) => onChange({ ...choice, type: id })} />
      <div className="flex gap-4 sm:[&_select]:min-h-12.5">
        {options.strengths.length > 1 && (
          <Select
            name="strength"
            label={enhance.strength}
            options={options.strengths.map((strength) => [strength, enhance.strengths[strength] ?? strength])}
            value={choice.strength || options.strengths[0]}
            onPick={(strength) => onChange({ ...choice, strength })}
          />
        )}
        {options.outputs.length > 1 && (
          <Select
            name="output"
            label={enhance.output}
            options={options.outputs.map((output) => [output, enhance.outputs[output] ?? output.toUpperCase()])}
            value={choice.output || options.outputs[0]}
            onPick={(output) => onChange({ ...choice, output })}
          />
        )}
      </div>
    </div>
  )
}

/** Takes files that are dropped anywhere on the page: beside the marked place the browser would open
 * one and leave the app. Whether some are held over the page. */
function useDrops(add: (files: Iterable<File>) => void): boolean {
  const [isOver, setOver] = useState(false)
  const latest = useRef(add)
  latest.current = add
  // Before the app has started early.js takes them: there must be no moment between.
  useLayoutEffect(() => {
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setOver(event.type === 'dragover')
      if (event.type === 'drop') latest.current(event.dataTransfer.files)
    }
    const onLeave = (event: DragEvent) => {
      if (!event.relatedTarget) setOver(false) // out of the window
    }
    const kinds = { dragover: onDrag, drop: onDrag, dragleave: onLeave }
    for (const [kind, listener] of Object.entries(kinds)) addEventListener(kind, listener as EventListener)
    return () => {
      for (const [kind, listener] of Object.entries(kinds)) removeEventListener(kind, listener as EventListener)
    }
  }, [])
  return isOver
}

export function AddFiles() {
  const options = useUploadOptions()
  const [choice, setChoice] = useState(firstChoice)
  const input = useRef<HTMLInputElement>(null)

  const add = (files: Iterable<File>) => {
    for (const file of files) queue.add(file, fieldsOf(choice, options), refusalOf(file, options.bytesMax))
  }
  const addChosen = (chooser: HTMLInputElement) => {
    add(chooser.files ?? [])
    chooser.value = ''
  }
  useEffect(() => {
    if (input.current) addChosen(input.current)
    add(early.takeFiles())
  }, [])
  const isOver = useDrops(add)
  return (
    <section aria-label={enhance.add} className="rounded-2xl border border-line bg-card p-4 sm:p-6">
      <Choices options={options} choice={choice} onChange={setChoice} />
      <div
        data-drop
        className={clsx(
          'flex flex-col items-center gap-3 rounded-xl border-2 border-dashed px-4 py-8 text-center transition-colors sm:py-12',
          isOver ? 'border-accent bg-accent-soft' : 'border-line-strong bg-page',
        )}
      >
        <Upload aria-hidden size={36} className="text-accent" />
        <p className="text-lg font-semibold">{isOver ? enhance.dropNow : enhance.drop}</p>
        <div className="flex flex-wrap items-center justify-center gap-2">
          <input
            ref={input}
            type="file"
            name="files"
            multiple
            accept={EXTENSIONS.join(',')}
            hidden
            onChange={(event) => addChosen(event.target)}
          />
          <Button look="main" data-opens="files" onClick={() => input.current?.click()}>
            <FolderOpen aria-hidden size={18} />
            {enhance.choose}
          </Button>
          <Recorder onRecorded={(file) => add([file])} />
        </div>
        <p className="text-sm text-soft">{enhance.formats(Math.round(options.bytesMax / MEBIBYTE))}</p>
      </div>
    </section>
  )
}
