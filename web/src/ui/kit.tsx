// The building blocks: buttons, fields, cards. Native elements where there are any.
import { clsx } from 'clsx'
import { CircleAlert, LoaderCircle } from 'lucide-react'
import type { ButtonHTMLAttributes, InputHTMLAttributes, ReactNode, SelectHTMLAttributes } from 'react'
import { useId } from 'react'
import { Link } from 'wouter'
import { messageOf } from '@/api/errors'
import { common } from '@/strings'

type Look = 'main' | 'plain' | 'quiet' | 'danger'

const looks: Record<Look, string> = {
  main: 'bg-accent text-on-accent hover:bg-accent-hover border-transparent',
  plain: 'bg-card text-ink border-line-strong hover:bg-sunken',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-sunken',
  danger: 'bg-bad text-card border-transparent hover:opacity-90',
}

function buttonClass(look: Look, extra?: string): string {
  return clsx(
    'inline-flex min-h-10 items-center justify-center gap-2 rounded-lg border px-3.5 py-1.5 text-sm font-semibold',
    'transition-colors disabled:cursor-not-allowed disabled:opacity-60',
    looks[look],
    extra,
  )
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look
  isBusy?: boolean
}

export function Button({ look = 'plain', isBusy, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button type="button" className={buttonClass(look, className)} disabled={disabled || isBusy} {...rest}>
      {isBusy && <LoaderCircle aria-hidden size={16} className="animate-spin" />}
      {children}
    </button>
  )
}

export function ButtonLink({ to, look = 'plain', children }: { to: string; look?: Look; children: ReactNode }) {
  return (
    <Link href={to} className={buttonClass(look)}>
      {children}
    </Link>
  )
}

export function TextLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link href={to} className="font-semibold text-accent underline underline-offset-2 hover:text-accent-hover">
      {children}
    </Link>
  )
}

export function Card({ title, aside, children, className }: { title?: string; aside?: ReactNode; children: ReactNode; className?: string }) {
  const id = useId()
  return (
    <section aria-labelledby={title ? id : undefined} className={clsx('rounded-2xl border border-line bg-card p-4 sm:p-6', className)}>
      {title && (
        <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
          <h2 id={id} className="text-lg font-bold">
            {title}
          </h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  )
}

const fieldClass =
  'min-h-10 w-full rounded-lg border border-line-strong bg-card px-3 py-1.5 text-base text-ink sm:text-sm aria-invalid:border-bad'

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  hint?: string | undefined
  error?: string | undefined
}

export function Field({ label, hint, error, className, ...rest }: FieldProps) {
  const id = useId()
  const note = error ?? hint
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-sm font-semibold">
        {label}
      </label>
      <input id={id} className={fieldClass} aria-invalid={error ? true : undefined} aria-describedby={note ? `${id}-note` : undefined} {...rest} />
      {note && (
        <p id={`${id}-note`} className={clsx('mt-1 text-sm', error ? 'text-bad' : 'text-soft')}>
          {note}
        </p>
      )}
    </div>
  )
}

export function Check({ label, ...rest }: { label: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className="flex min-h-8 items-center gap-2 text-sm font-medium">
      <input type="checkbox" className="size-4.5 accent-accent" {...rest} />
      {label}
    </label>
  )
}

interface SelectProps extends Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange'> {
  label: string
  options: [value: string, text: string][]
  onPick: (value: string) => void
  isLabelHidden?: boolean
}

export function Select({ label, options, onPick, isLabelHidden, className, ...rest }: SelectProps) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className={isLabelHidden ? 'sr-only' : 'mb-1 block text-sm font-semibold'}>
        {label}
      </label>
      <select id={id} className={fieldClass} onChange={(event) => onPick(event.target.value)} {...rest}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}

const badgeLooks = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  plain: 'bg-sunken text-ink',
}

export function Badge({ look = 'plain', children }: { look?: keyof typeof badgeLooks; children: ReactNode }) {
  return <span className={clsx('inline-block rounded-full px-2.5 py-0.5 text-xs font-semibold whitespace-nowrap', badgeLooks[look])}>{children}</span>
}

export function Progress({ label, value }: { label: string; value: number | null }) {
  return (
    <progress
      aria-label={label}
      max={100}
      {...(value === null ? {} : { value })}
      className="block h-1.5 w-full appearance-none overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-[width]"
    />
  )
}

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={clsx('animate-pulse rounded-lg bg-sunken', className)} />
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 rounded-xl bg-bad-soft p-4 text-bad">
      <CircleAlert aria-hidden size={20} />
      <p className="min-w-0 flex-1">{messageOf(error)}</p>
      {onRetry && <Button onClick={onRetry}>{common.retry}</Button>}
    </div>
  )
}

/** Says why there is nothing, and what to do; `isPage` when it is all there is. */
export function Empty({ icon, title, isPage, children }: { icon?: ReactNode; title: string; isPage?: boolean; children?: ReactNode }) {
  const Title = isPage ? 'h1' : 'p'
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-10 text-center">
      {icon && <div className="text-soft">{icon}</div>}
      <Title className={isPage ? 'text-xl font-bold' : 'font-semibold'}>{title}</Title>
      {children && <div className="max-w-prose text-sm text-soft">{children}</div>}
    </div>
  )
}

export function PageTitle({ title, lead }: { title: string; lead?: string }) {
  return (
    <div className="mb-6">
      <h1 className="text-2xl font-bold tracking-tight sm:text-3xl">{title}</h1>
      {lead && <p className="mt-1 text-soft">{lead}</p>}
    </div>
  )
}
