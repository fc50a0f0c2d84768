import { baseCompile } from '@intlify/message-compiler'
import { transformWithOxc, type Plugin } from 'vite'

type Tree = { [key: string]: string | Tree }

/** The code of texts that are compiled: those without places for values are told by `s`, others are syntax trees. */
export function compiled(tree: Tree): string {
  const write = (value: string | Tree): string => {
    if (typeof value !== 'string') return `{${Object.entries(value).map(([key, v]) => `${JSON.stringify(key)}:${write(v)}`).join(',')}}`
    if (!/[{}@|]/.test(value)) return `s(${JSON.stringify(value)})`
    const { ast } = baseCompile(value, { jit: true, location: false, minify: true, onError: (e: Error) => { throw new Error(`${value}: ${e.message}`) } })
    return JSON.stringify(ast)
  }
  return `const s = (v) => ({ t: 0, b: { t: 2, i: [], s: v } });\nexport default ${write(tree)}\n`
}

/** Compiles the texts of src/locales while building: the console needs no compiler of texts. */
export function messages(): Plugin {
  return {
    name: 'messages',
    apply: 'build',
    enforce: 'pre',
    async transform(code, id) {
      if (!/\/src\/locales\/(zh|en)\/\w+\.ts$/.test(id)) return
      const plain = await transformWithOxc(code, id, { sourcemap: false })
      const { default: tree } = (await import('data:text/javascript;base64,' + Buffer.from(plain.code).toString('base64'))) as { default: Tree }
      return { code: compiled(tree), map: null, moduleType: 'js' }
    },
  }
}
