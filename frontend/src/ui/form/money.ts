const digits = '零壹贰叁肆伍陆柒捌玖'
const units = ['', '拾', '佰', '仟']
const sections = ['', '万', '亿', '万亿']

function section(n: number): string {
  let text = ''
  let zero = false
  for (let i = 3; i >= 0; i--) {
    const d = Math.floor(n / 10 ** i) % 10
    if (d === 0) zero = text !== ''
    else {
      text += (zero ? '零' : '') + digits.charAt(d) + (units[i] ?? '')
      zero = false
    }
  }
  return text
}

/** An amount as cheques say it (大写金额), of a decimal text below 10^16; '' for what is none. */
export function capital(amount: string): string {
  const match = /^(-?)(\d{1,16})(?:\.(\d{1,2})\d*)?$/.exec(amount.trim())
  if (!match) return ''
  const [sign, whole, cents] = [match[1] ?? '', match[2] ?? '', match[3] ?? '']
  const groups: number[] = []
  for (let rest = whole.replace(/^0+/, ''); rest; rest = rest.slice(0, -4)) groups.unshift(Number(rest.slice(-4)))
  let text = ''
  groups.forEach((g, i) => {
    if (g === 0) return
    if (text && (g < 1000 || groups[i - 1] === 0) && !text.endsWith('零')) text += '零'
    text += section(g) + (sections[groups.length - 1 - i] ?? '')
  })
  const [jiao, fen] = [Number(cents[0] ?? 0), Number(cents[1] ?? 0)]
  if (text) text += '元'
  if (!jiao && !fen) return (sign ? '负' : '') + (text || '零元') + '整'
  if (text && !jiao) text += '零'
  return (sign ? '负' : '') + text + (jiao ? digits.charAt(jiao) + '角' : '') + (fen ? digits.charAt(fen) + '分' : '')
}

/** What a person types as an amount, as a decimal text with so many digits; undefined while it is none. */
export function amountOf(typed: string, decimalDigits = 2): string | undefined {
  const text = typed.replace(/[,，\s￥¥]/g, '')
  if (!/^-?\d+(\.\d*)?$/.test(text)) return undefined
  const [whole = '', fraction = ''] = text.split('.')
  return decimalDigits > 0 ? `${whole}.${fraction.slice(0, decimalDigits).padEnd(decimalDigits, '0')}` : whole
}

/** The sum of amounts, exactly: decimal texts or numbers; what is none does not count. */
export function sumOf(amounts: unknown[], least = 2): string {
  const texts = amounts.map((a) => String(a ?? '').trim()).filter((a) => /^-?\d+(\.\d+)?$/.test(a))
  const digits = Math.max(least, ...texts.map((a) => (a.split('.')[1] ?? '').length))
  const whole = texts.reduce((sum, a) => {
    const [integer = '', fraction = ''] = a.split('.')
    return sum + BigInt(integer + fraction.padEnd(digits, '0'))
  }, 0n)
  const text = String(whole < 0n ? -whole : whole).padStart(digits + 1, '0')
  return (whole < 0n ? '-' : '') + (digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text)
}
