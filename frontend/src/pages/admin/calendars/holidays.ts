/** Days that are off, or work although they are on a weekend. */
export type Days = Record<string, 'off' | 'work'>

function days(off: [string, string][], work: string[]): Days {
  const found: Days = {}
  for (const [first, last] of off) {
    for (let d = new Date(first + 'T00:00:00Z'); d <= new Date(last + 'T00:00:00Z'); d = new Date(d.getTime() + 86_400_000)) found[d.toISOString().slice(0, 10)] = 'off'
  }
  for (const d of work) found[d] = 'work'
  return found
}

/** The public holidays of mainland China with the weekends that are worked instead, by the notices of the State Council. */
export const holidays: Record<string, Days> = {
  '2025': days(
    [['2025-01-01', '2025-01-01'], ['2025-01-28', '2025-02-04'], ['2025-04-04', '2025-04-06'], ['2025-05-01', '2025-05-05'], ['2025-05-31', '2025-06-02'], ['2025-10-01', '2025-10-08']],
    ['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'],
  ),
  '2026': days(
    [['2026-01-01', '2026-01-03'], ['2026-02-15', '2026-02-23'], ['2026-04-04', '2026-04-06'], ['2026-05-01', '2026-05-05'], ['2026-06-19', '2026-06-21'], ['2026-09-25', '2026-09-27'], ['2026-10-01', '2026-10-07']],
    ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
  ),
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** Whether a day is worked: what is said of the day itself goes before what is said of its weekday. */
export function works(date: string, hours: Record<string, string[]>, exceptions: Record<string, string>): boolean {
  if (exceptions[date]) return exceptions[date] === 'work'
  const weekday = weekdays[(new Date(date + 'T00:00:00Z').getUTCDay() + 6) % 7]!
  return (hours[weekday]?.length ?? 0) > 0
}

/** The weeks of a month, from Monday; days of other months are empty. */
export function weeks(month: string): string[][] {
  const [year, number] = month.split('-').map(Number) as [number, number]
  const first = (new Date(Date.UTC(year, number - 1, 1)).getUTCDay() + 6) % 7
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate()
  const cells = [...Array<string>(first).fill(''), ...Array.from({ length }, (_, i) => `${month}-${String(i + 1).padStart(2, '0')}`)]
  while (cells.length % 7) cells.push('')
  return Array.from({ length: cells.length / 7 }, (_, i) => cells.slice(i * 7, i * 7 + 7))
}
