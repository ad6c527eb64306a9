// Bars, stacked by type. One path per type, so that a year of days costs no more than a week.
import { useState, type PointerEvent } from 'react'
import type { Point } from './series'

const WIDTH = 1000
const HEIGHT = 200
const FILLS = ['fill-chart', 'fill-chart-2', 'fill-warn', 'fill-bad', 'fill-good', 'fill-line-strong']

export interface Series {
  /** As in Point.values. */
  type: string
  name: string
}

/** The next of 1, 2, 5, 10, ... at or above `value`. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 2, 5]) if (value <= step * power) return step * power
  return 10 * power
}

function pathsOf(points: Point[], series: Series[], top: number): string[] {
  const step = WIDTH / points.length
  const gap = Math.min(step * 0.25, 4)
  const floors = points.map(() => 0)
  return series.map(({ type }) =>
    points
      .map((point, i) => {
        const height = ((point.values[type] ?? 0) / top) * HEIGHT
        if (!height) return ''
        const bottom = HEIGHT - (floors[i] ?? 0)
        floors[i] = (floors[i] ?? 0) + height
        const drawn = Math.max(height, 1)
        return `M${(i * step + gap / 2).toFixed(1)} ${bottom.toFixed(1)}v-${drawn.toFixed(1)}h${(step - gap).toFixed(1)}v${drawn.toFixed(1)}z`
      })
      .join(''),
  )
}

function Legend({ series }: { series: Series[] }) {
  if (series.length < 2) return null
  return (
    <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm">
      {series.map(({ type, name }, i) => (
        <li key={type} className="flex items-center gap-1.5">
          <svg aria-hidden className="size-3">
            <rect width="12" height="12" rx="3" className={FILLS[i % FILLS.length]} />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  )
}

interface Props {
  points: Point[]
  series: Series[]
  label: string
  format: (value: number) => string
}

export function BarChart({ points, series, label, format }: Props) {
  const [pointed, setPointed] = useState<number | null>(null)
  const top = niceCeiling(Math.max(...points.map((point) => point.total), 0))
  const at = pointed === null ? undefined : points[pointed]
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    setPointed(Math.min(points.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * points.length))))
  }
  const middle = points[Math.floor(points.length / 2)]
  return (
    <figure>
      <div className="flex justify-between text-xs text-soft tabular-nums">
        <span>{format(top)}</span>
        <span aria-hidden className="min-h-4 font-semibold text-ink">
          {at ? `${at.label}: ${format(at.total)}` : ''}
        </span>
      </div>
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="mt-1 h-48 w-full border-b border-line-strong"
        onPointerMove={move}
        onPointerLeave={() => setPointed(null)}
      >
        {[0.5, 0].map((line) => (
          <line key={line} x1={0} x2={WIDTH} y1={HEIGHT * line + 0.5} y2={HEIGHT * line + 0.5} className="stroke-line" vectorEffect="non-scaling-stroke" />
        ))}
        {pointed !== null && (
          <rect x={(pointed * WIDTH) / points.length} width={WIDTH / points.length} height={HEIGHT} className="fill-sunken" />
        )}
        {pathsOf(points, series, top).map((path, i) => (
          <path key={series[i]?.type} d={path} className={FILLS[i % FILLS.length]} />
        ))}
      </svg>
      <div aria-hidden className="mt-1 flex justify-between text-xs text-soft">
        <span>{points[0]?.label}</span>
        {points.length > 4 && <span>{middle?.label}</span>}
        <span>{points.at(-1)?.label}</span>
      </div>
      <Legend series={series} />
    </figure>
  )
}

export function PointsTable({ points, series, caption, columns, format }: Props & { caption: string; columns: [string, string, string] }) {
  const isSplit = series.length > 1
  return (
    <div className="max-h-72 overflow-auto" tabIndex={0} role="region" aria-label={caption}>
      <table className="w-full text-sm">
        <thead className="sticky top-0 bg-card text-left text-soft">
          <tr>
            <th scope="col" className="py-1 pr-4 font-semibold">{columns[0]}</th>
            {isSplit &&
              series.map(({ type, name }) => (
                <th key={type} scope="col" className="py-1 pr-4 text-right font-semibold">
                  {name}
                </th>
              ))}
            <th scope="col" className="py-1 text-right font-semibold">{isSplit ? columns[2] : columns[1]}</th>
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.key} className="border-t border-line">
              <th scope="row" className="py-1.5 pr-4 text-left font-medium">
                {point.label}
              </th>
              {isSplit &&
                series.map(({ type }) => (
                  <td key={type} className="py-1.5 pr-4 text-right tabular-nums">
                    {format(point.values[type] ?? 0)}
                  </td>
                ))}
              <td className="py-1.5 text-right tabular-nums">{format(point.total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
