/** Gives a text to the person as a file. */
export function save(name: string, content: string, type: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([content], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** Returns a size in the unit that fits, in the words of a language: 12.3 MB. */
export function size(bytes: number, language: string): string {
  const units = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const power = Math.min(Math.max(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 1), units.length)
  return new Intl.NumberFormat(language, { style: 'unit', unit: units[power - 1]!, maximumFractionDigits: 1 }).format(bytes / 1024 ** power)
}
