import { h } from 'preact'

/** What stands for the product's own types of fields in the palette: lines on a sheet of 54 × 54, as those of form-js. */
const paths: Record<string, string> = {
  people: 'M27 26a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm-15 16c1-8 7-12 15-12s14 4 15 12Z',
  department: 'M21 10h12v10H21ZM10 34h12v10H10Zm22 0h12v10H32ZM27 20v7M16 34v-7h22v7',
  money: 'M14 11l13 15 13-15M27 26v18M17 28h20M17 35h20',
  attachments: 'M38 25 25 38a8 8 0 0 1-11-11l15-15a5.500 5.500 0 0 1 8 8L22 35a2.700 2.700 0 0 1-4-4l12-12',
  signature: 'M11 36c6 0 12-22 16-22s-6 22-2 22 6-9 9-9-1 9 3 9 4-2 6-4M11 43h32',
  lineItems: 'M11 13h32v28H11ZM11 22h32M11 31h32M32 13v28',
}

const icon = (path: string) => () =>
  h('svg', { xmlns: 'http://www.w3.org/2000/svg', width: 54, height: 54, viewBox: '0 0 54 54', fill: 'none', stroke: 'currentcolor', 'stroke-width': 2, 'stroke-linejoin': 'round', 'stroke-linecap': 'round', 'aria-hidden': true }, h('path', { d: path }))

export const icons: Record<string, () => unknown> = Object.fromEntries(Object.entries(paths).map(([type, path]) => [type, icon(path)]))
