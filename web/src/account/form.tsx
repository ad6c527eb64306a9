import { zodResolver } from '@hookform/resolvers/zod'
import { useState, type ReactNode } from 'react'
import { useForm, type DefaultValues, type FieldValues, type Path } from 'react-hook-form'
import { z } from 'zod'
import { ApiError, messageOf } from '@/api/errors'
import { account } from '@/strings'
import { Button, Field } from '@/ui/kit'

z.config({ jitless: true }) // the Content-Security-Policy allows no code made at run time

const encoder = new TextEncoder()

// As the API checks them: see NewUser and Password in its description.
export const passwordRule = z
  .string()
  .min(8, account.short(8))
  .refine((text) => [...text].length <= 72 && encoder.encode(text).length <= 72, account.long(72))
export const usernameRule = z.string().min(3, account.short(3)).max(50, account.long(50))
export const emailRule = z.email(account.badEmail).max(254, account.long(254))
export const requiredRule = z.string().min(1, account.needed)

export interface FieldSpec<T> {
  name: Path<T & FieldValues>
  label: string
  type?: 'text' | 'email' | 'password'
  autoComplete?: string
  hint?: string
}

interface Props<T extends FieldValues> {
  schema: z.ZodType<T, T>
  values: DefaultValues<T>
  fields: FieldSpec<T>[]
  action: string
  look?: 'main' | 'danger'
  onSubmit: (values: T) => Promise<void>
  children?: ReactNode
}

/** A form whose refusals stand beside the fields they concern. */
export function Form<T extends FieldValues>({ schema, values, fields, action, look = 'main', onSubmit, children }: Props<T>) {
  const form = useForm<T>({ resolver: zodResolver(schema), defaultValues: values })
  const [failure, setFailure] = useState<string | null>(null)
  const { errors, isSubmitting } = form.formState

  const submit = form.handleSubmit(async (data) => {
    setFailure(null)
    try {
      await onSubmit(data)
    } catch (error) {
      const named = error instanceof ApiError ? Object.entries(error.fields).filter(([name]) => fields.some((field) => field.name === name)) : []
      for (const [name, message] of named) form.setError(name as Path<T>, { message })
      if (!named.length) setFailure(messageOf(error))
    }
  })
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="space-y-4">
      {fields.map(({ name, label, type, autoComplete, hint }) => (
        <Field
          key={name}
          label={label}
          type={type ?? 'text'}
          autoComplete={autoComplete}
          hint={hint}
          error={errors[name]?.message as string | undefined}
          {...form.register(name as Path<T>)}
        />
      ))}
      {children}
      {failure && (
        <p role="alert" className="rounded-lg bg-bad-soft p-3 text-sm text-bad">
          {failure}
        </p>
      )}
      <Button type="submit" look={look} className="w-full" isBusy={isSubmitting}>
        {action}
      </Button>
    </form>
  )
}
