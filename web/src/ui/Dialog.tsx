// A modal on the browser's own dialog element: focus stays inside, Escape closes, the rest is inert.
import { clsx } from 'clsx'
import { X } from 'lucide-react'
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { common } from '@/strings'
import { Button } from './kit'

interface Props {
  title: string
  onClose: () => void
  isWide?: boolean
  children: ReactNode
}

export function Dialog({ title, onClose, isWide, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Closed before it goes, so that the focus returns to where it came from.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (dialog && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onClose={onClose}
      className={clsx(
        'm-auto w-[calc(100vw-2rem)] rounded-2xl border border-line bg-card p-5 text-ink shadow-xl',
        isWide ? 'max-w-5xl' : 'max-w-lg',
      )}
    >
      <div className="mb-3 flex items-start justify-between gap-3">
        <h2 id={id} className="text-lg font-bold break-words [overflow-wrap:anywhere]">
          {title}
        </h2>
        <Button look="quiet" aria-label={common.close} className="-mt-1 -mr-2 px-2" onClick={() => ref.current?.close()}>
          <X aria-hidden size={18} />
        </Button>
      </div>
      {children}
    </dialog>
  )
}

interface ConfirmProps {
  title: string
  text: string
  action: string
  isBusy?: boolean
  onConfirm: () => void
  onClose: () => void
}

export function Confirm({ title, text, action, isBusy, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="mb-5 text-soft [overflow-wrap:anywhere]">{text}</p>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common.cancel}</Button>
        <Button look="danger" isBusy={isBusy ?? false} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  )
}
