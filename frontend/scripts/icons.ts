import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'

const name = '@element-plus/icons-vue'
const prefix = '\0icon:'

/** The code of each icon of the package, which has them in one file: a chunk would hold the icons of every page. */
export function iconParts(source: string): Map<string, string> {
  const parts = new Map<string, string>()
  for (const section of source.split(/^\/\/ src\/components\/.*$/m).slice(1)) {
    const variable = /(\w+_default) = _sfc_main\d*;/.exec(section)
    if (variable) parts.set(variable[1]!, section.slice(0, variable.index + variable[0].length) + `\nexport default ${variable[1]}\n`)
  }
  const exported = source.slice(source.lastIndexOf('export {'))
  return new Map([...exported.matchAll(/(\w+_default) as (\w+)/g)].map(([, variable, icon]) => [icon!, parts.get(variable!)!]))
}

/** Makes a module of each icon, so that a page loads those that it shows. */
export function icons(): Plugin {
  let parts: Map<string, string>
  return {
    name: 'icons',
    apply: 'build',
    buildStart() {
      parts = iconParts(readFileSync(createRequire(import.meta.url).resolve(name).replace(/index\.cjs$/, 'index.js'), 'utf8'))
    },
    resolveId: (id) => (id.startsWith(prefix) ? id : undefined),
    load: (id) => (id.startsWith(prefix) ? parts.get(id.slice(prefix.length)) : undefined),
    transform: {
      order: 'post',
      handler(code) {
        if (!code.includes(name)) return
        const changed = code.replace(/import\s*\{([^}]*)\}\s*from\s*["']@element-plus\/icons-vue["'];?/g, (_, list: string) =>
          list
            .split(',')
            .map((entry) => entry.trim().split(/\s+as\s+/))
            .filter(([icon]) => icon)
            .map(([icon, local]) => {
              if (!parts.has(icon!)) throw new Error(`there is no icon ${icon}`)
              return `import ${local ?? icon} from ${JSON.stringify(prefix + icon)};`
            })
            .join(''),
        )
        return changed === code ? undefined : { code: changed, map: null }
      },
    },
  }
}
