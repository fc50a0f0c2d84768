import { expect, it } from 'vitest'
import { size } from '../../src/ui/files'

it.each([
  [0, '0 kB'],
  [1, '0 kB'],
  [1536, '1.5 kB'],
  [1024 * 1024, '1 MB'],
  [12.34 * 1024 ** 3, '12.3 GB'],
  [5000 * 1024 ** 4, '5,000 TB'],
])('%d bytes are %s', (bytes, said) => expect(size(bytes, 'en')).toBe(said))
