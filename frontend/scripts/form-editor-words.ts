import type { Plugin } from 'vite'

const property = /\b(label|children|name|title|placeholder|description|tooltip|text|message)(: )(['"])((?:(?!\3)[^\\\n]|\\.)*[A-Za-z](?:(?!\3)[^\\\n]|\\.)*)\3/g
/** Literals that are chosen in another way. */
const single = /(\|\| |return )'(Select|Form)'/g
const sentence = /\breturn '([A-Z](?:[^'\\\n]|\\.)* (?:[^'\\\n]|\\.)*\.)'/g
/** Names that are no text for people, and the mark of bpmn.io, which is not touched. */
const internal = new Set(['Powered by bpmn.io', 'Root', 'FilterContext', 'John Doe', 'Erika Muller', 'Dominic Leaf'])

/** Rewrites the English literals of the form editor, which has no service for translations, to ask `globalThis.__fjs` first. */
export function rewrite(code: string): { code: string; literals: string[] } {
  const literals: string[] = []
  const ask = (text: string, quote = "'") => {
    literals.push(text.replace(/\\(['"])/g, '$1'))
    const literal = quote + text + quote
    return `(globalThis.__fjs?.(${literal}) ?? ${literal})`
  }
  const changed = code
    .replace(property, (whole, name: string, colon: string, quote: string, text: string) => (internal.has(text) || !/[A-Z<]/.test(text) ? whole : name + colon + ask(text, quote)))
    .replace(single, (_whole, before: string, text: string) => before + ask(text))
    .replace(sentence, (_whole, text: string) => 'return ' + ask(text))
  return { code: changed, literals }
}

/** The files of the editor and of the viewer that it brings along; the viewer 2 of the console has a service. */
export const wanted = /form-js-editor\/(?:node_modules\/@bpmn-io\/form-js-viewer\/)?dist\/index\.es\.js$/

export function formEditorWords(): Plugin {
  return {
    name: 'form-editor-words',
    enforce: 'pre',
    transform(code, id) {
      return wanted.test(id.split('?')[0]!) ? { code: rewrite(code).code, map: null } : null
    },
  }
}
