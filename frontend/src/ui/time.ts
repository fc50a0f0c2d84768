const tag = (language: string) => (language === 'zh' ? 'zh-CN' : 'en')

/** A moment in full, in a zone. */
export function absolute(value: string, language: string, zone: string, dateOnly = false): string {
  const form: Intl.DateTimeFormatOptions = { year: 'numeric', month: language === 'zh' ? '2-digit' : 'short', day: '2-digit', timeZone: zone }
  if (!dateOnly) Object.assign(form, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return new Intl.DateTimeFormat(tag(language), form).format(new Date(value))
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** A moment as people say it: 5 minutes ago, tomorrow. */
export function relative(value: string, language: string, now = Date.now()): string {
  const seconds = (new Date(value).getTime() - now) / 1000
  const format = new Intl.RelativeTimeFormat(tag(language), { numeric: 'auto' })
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit)
  }
  return format.format(0, 'second')
}

/** A length of time in its two largest units. */
export function duration(seconds: number, language: string): string {
  const units: [string, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]]
  const parts: string[] = []
  let rest = Math.max(0, Math.round(seconds))
  for (const [unit, size] of units) {
    const n = Math.floor(rest / size)
    if (n > 0 && parts.length < 2) parts.push(new Intl.NumberFormat(tag(language), { style: 'unit', unit, unitDisplay: 'short' }).format(n))
    rest -= n * size
  }
  return parts.join(' ') || new Intl.NumberFormat(tag(language), { style: 'unit', unit: 'second', unitDisplay: 'short' }).format(0)
}
