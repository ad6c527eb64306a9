// What the lists of users, guests and jobs share: pages of rows, a table that scrolls sideways
// on phones, and changes that refresh what they touch.
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { messageOf } from '@/api/errors'
import { notify } from '@/lib/notices'
import { keys, queryClient } from '@/lib/queries'
import { admin, common } from '@/strings'
import { Button, Empty, Failure, Skeleton } from '@/ui/kit'

export const PAGE_ROWS = 20

export interface PageQuery {
  skip: number
  limit: number
}

/** One row more than is shown is asked for: it tells whether there is a next page. */
export function usePage<Row>(name: string, filter: unknown, load: (page: PageQuery, signal: AbortSignal) => Promise<Row[]>) {
  const [place, setPlace] = useState({ filter: JSON.stringify(filter), skip: 0 })
  const key = JSON.stringify(filter)
  const skip = place.filter === key ? place.skip : 0
  const query = useQuery({
    queryKey: [...keys.admin, name, key, skip],
    queryFn: ({ signal }) => load({ skip, limit: PAGE_ROWS + 1 }, signal),
    placeholderData: keepPreviousData,
  })
  return {
    query,
    rows: query.data?.slice(0, PAGE_ROWS) ?? [],
    skip,
    hasNext: (query.data?.length ?? 0) > PAGE_ROWS,
    go: (to: number) => setPlace({ filter: key, skip: Math.max(0, to) }),
  }
}

export type Page<Row> = ReturnType<typeof usePage<Row>>

/** A change whose outcome is told, and after which the admin's figures are asked for again. */
export function useChange<Input>(change: (input: Input) => Promise<unknown>, onDone?: () => void) {
  return useMutation({
    mutationFn: change,
    onSuccess: (reply) => {
      const message = (reply as { message?: string } | undefined)?.message
      if (message) notify('good', message)
      void queryClient.invalidateQueries({ queryKey: keys.admin })
      onDone?.()
    },
    onError: (error) => notify('bad', messageOf(error)),
  })
}

interface TableProps<Row> {
  caption: string
  page: Page<Row>
  columns: string[]
  children: (row: Row) => ReactNode
}

export function PagedTable<Row>({ caption, page, columns, children }: TableProps<Row>) {
  const { query, rows, skip, hasNext, go } = page
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />
  if (query.isPending) return <Skeleton className="h-96" />
  if (!rows.length && !skip) return <Empty title={admin.none} />
  return (
    <>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={admin.listOf(caption)}>
        <table className="w-full text-sm">
          <caption className="sr-only">{caption}</caption>
          <thead>
            <tr className="text-left text-soft">
              {columns.map((column) => (
                <th key={column} scope="col" className="py-2 pr-4 font-semibold last:pr-0">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{rows.map(children)}</tbody>
        </table>
      </div>
      <div className="mt-3 flex items-center justify-end gap-3 text-sm">
        <span className="text-soft tabular-nums">{common.page(skip + 1, skip + rows.length)}</span>
        <Button disabled={skip === 0} onClick={() => go(skip - PAGE_ROWS)}>
          {common.previous}
        </Button>
        <Button disabled={!hasNext} onClick={() => go(skip + PAGE_ROWS)}>
          {common.next}
        </Button>
      </div>
    </>
  )
}

export const cell = 'py-2 pr-4 align-top last:pr-0 [overflow-wrap:anywhere]'
export const row = 'border-t border-line'
