import { i18n } from '@/app/i18n'

const pattern = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/
export const units = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const
export type Unit = (typeof units)[number]
export type Duration = Partial<Record<Unit, number>>

/** Reads a duration of ISO 8601, such as P1DT4H; nothing where it is none. */
export function readDuration(text: string): Duration | undefined {
  const found = pattern.exec(text.trim())
  if (!found || !/\d/.test(text)) return undefined
  const out: Duration = {}
  units.forEach((unit, i) => {
    if (found[i + 1]) out[unit] = Number(found[i + 1])
  })
  return out
}

/** Writes so many of a unit as a duration. */
export function writeDuration(amount: number, unit: Unit): string {
  const letter = { year: 'Y', month: 'M', week: 'W', day: 'D', hour: 'H', minute: 'M', second: 'S' }[unit]
  return ['hour', 'minute', 'second'].includes(unit) ? `PT${amount}${letter}` : `P${amount}${letter}`
}

/** The amount and the unit of a duration that has one unit only. */
export function single(text: string): { amount: number; unit: Unit } | undefined {
  const parts = Object.entries(readDuration(text) ?? {})
  return parts.length === 1 ? { amount: parts[0]![1], unit: parts[0]![0] as Unit } : undefined
}

/** A duration in words of the language that is spoken. */
export function durationInWords(d: Duration, locale: string): string {
  const words = Object.entries(d).map(([unit, amount]) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(amount!))
  return words.join(' ')
}

/** The moment that is a duration after another one. */
export function after(from: Date, d: Duration): Date {
  const to = new Date(from)
  to.setFullYear(to.getFullYear() + (d.year ?? 0), to.getMonth() + (d.month ?? 0), to.getDate() + (d.day ?? 0) + 7 * (d.week ?? 0))
  return new Date(to.getTime() + ((d.hour ?? 0) * 3600 + (d.minute ?? 0) * 60 + (d.second ?? 0)) * 1000)
}

export type TimerKind = 'timeDuration' | 'timeDate' | 'timeCycle'

/** What a timer means, in words; `wrong` where it cannot be read. */
export function explain(kind: TimerKind, text: string, now = new Date()): { words: string; wrong?: boolean } {
  const t = i18n.global.t
  const locale = i18n.global.locale.value === 'zh' ? 'zh-CN' : 'en'
  const at = (d: Date) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(d)
  const value = text.trim()
  if (!value) return { words: '' }
  if (/[$#]\{/.test(value)) return { words: t('design.timer.expression') }
  const wrong = { words: t('design.timer.wrong'), wrong: true }
  if (kind === 'timeDate') return Number.isNaN(Date.parse(value)) ? wrong : { words: at(new Date(value)) }
  if (kind === 'timeDuration') {
    const d = readDuration(value)
    return d ? { words: t('design.timer.in', { duration: durationInWords(d, locale), at: at(after(now, d)) }) } : wrong
  }
  const cycle = /^R(\d*)\/(?:(.+)\/)?(P.+)$/.exec(value)
  if (cycle) {
    const d = readDuration(cycle[3]!)
    if (!d) return wrong
    const duration = durationInWords(d, locale)
    return { words: cycle[1] ? t('design.timer.times', { times: cycle[1], duration }) : t('design.timer.forever', { duration }) }
  }
  return [6, 7].includes(value.split(/\s+/).length) ? { words: t('design.timer.cron') } : wrong
}
