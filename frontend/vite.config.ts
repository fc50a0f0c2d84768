import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { formEditorWords } from './scripts/form-editor-words'
import { icons } from './scripts/icons'
import { messages } from './scripts/messages'

const port = Number(process.env.PORT ?? 5173)
const product = process.env.DIOM_URL ?? 'http://127.0.0.1:8080'

const proxy = Object.fromEntries(
  ['/api', '/auth', '/engine-rest', '/openapi.yaml', '/asyncapi.yaml'].map((path) => [path, { target: product, changeOrigin: false }]),
)

/** form-js shows words that its service `translate` does not see, and dates as the browser speaks. */
const formWords = {
  name: 'form-words',
  transform(code: string, id: string) {
    if (!id.includes('form-js-viewer/dist/index.es.js')) return
    return code
      .replace("valueLabel || 'Select'", "valueLabel || (globalThis.diomFormWord?.('Select') ?? 'Select')")
      .replace("placeholder: use24h ? 'hh:mm' : 'hh:mm --'", "placeholder: globalThis.diomFormWord?.(use24h ? 'hh:mm' : 'hh:mm --') ?? ''")
      .replace('placeholder: getLocaleReadableDateFormat()', 'placeholder: globalThis.diomFormWord?.(getLocaleReadableDateFormat()) ?? getLocaleReadableDateFormat()')
      .replace("getLocaleDateFormat(locale = 'default')", "getLocaleDateFormat(locale = globalThis.document?.documentElement.lang || 'default')")
  },
}

export default defineConfig(({ command }) => ({
  plugins: [
    formWords,
    messages(),
    icons(),
    vue(),
    formEditorWords(),
    Components({ dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })], dts: 'src/components.d.ts' }),
  ],
  optimizeDeps: { rolldownOptions: { plugins: [formEditorWords()] } },
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_I18N_LEGACY_API__: false, __VUE_I18N_FULL_INSTALL__: false, __INTLIFY_PROD_DEVTOOLS__: false, __INTLIFY_DROP_MESSAGE_COMPILER__: command === 'build' },
  build: { outDir: 'build', manifest: true, assetsInlineLimit: 2048, chunkSizeWarningLimit: 1600, target: 'es2022' },
  server: { host: '127.0.0.1', port, proxy },
  preview: { host: '127.0.0.1', port, proxy },
  test: {
    environment: 'happy-dom',
    include: ['test/unit/**/*.test.ts'],
    server: { deps: { inline: ['element-plus'] } },
  },
}) as import('vite').UserConfig & { test: unknown })
