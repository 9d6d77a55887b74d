import path from 'node:path'
import { defineConfig, type UserConfigExport } from '@tarojs/cli'
import { ARIA_ATTRIBUTES } from './aria-plugin'
import { serverShape } from './server-shape'

const here = (...parts: string[]) => path.resolve(__dirname, '..', ...parts)
const OUTPUT = process.env.OUTPUT_ROOT ?? `dist/${process.env.TARO_ENV}`
const SHARED = here('..', 'shared', 'src')
/** Packages written for newer engines than an iPhone of 2018 has (private fields, optional chaining). */
const MODERN = /node_modules[\\/](?:@tanstack|@trpc|@noble|@stablelib|zustand|qrcode-generator)[\\/]/
/** What Taro would bring to every browser and nothing here uses: a fifth of the first page. */
const LEFT_OUT = ['abortcontroller-polyfill/dist/abortcontroller-polyfill-only', 'jsonp-retry', 'whatwg-fetch']
const compile = { include: [SHARED, (file: string) => MODERN.test(file)] }

/** Sizes in the sources are pixels and stay so: a wider screen shows more, not larger. */
const base: UserConfigExport<'webpack5'> = {
  projectName: 'huiyuan',
  date: '2026-11-22',
  designWidth: 375,
  deviceRatio: { 375: 2, 640: 1.17, 750: 1, 828: 0.905 },
  sourceRoot: 'src',
  outputRoot: OUTPUT,
  plugins: [here('config', 'aria-plugin.ts')],
  // the phone asks its own origin in a browser, and a named server in WeChat
  defineConstants: {
    ARIA_ATTRIBUTES: JSON.stringify(ARIA_ATTRIBUTES),
    SERVER_SHAPE: JSON.stringify(serverShape()),
    BFF_URL: JSON.stringify(process.env.TARO_ENV === 'h5' ? '' : (process.env.BFF_URL ?? 'http://127.0.0.1:8787')),
  },
  framework: 'react',
  compiler: { type: 'webpack5', prebundle: { enable: false } },
  cache: { enable: false },
  copy: {
    patterns:
      process.env.TARO_ENV === 'h5'
        ? [
            { from: 'src/favicon.ico', to: `${OUTPUT}/favicon.ico` },
            { from: 'src/sw.js', to: `${OUTPUT}/sw.js` },
          ]
        : [
            { from: 'src/theme.json', to: `${OUTPUT}/theme.json` },
            { from: 'src/share', to: `${OUTPUT}/share` },
          ],
    options: {},
  },
  mini: {
    optimizeMainPackage: { enable: true },
    compile,
    webpackChain(chain, webpack) {
      // WeChat has no AbortController, and tRPC's client and TanStack Query make one per call
      chain
        .plugin('abort-controller')
        .use(webpack.ProvidePlugin, [{ AbortController: [here('src', 'lib', 'abort.ts'), 'AbortController'] }])
    },
    postcss: {
      pxtransform: { enable: false, config: {} },
      cssModules: { enable: false },
    },
  },
  h5: {
    webpackChain(chain, webpack) {
      const instead = here('src', 'lib', 'left-out.ts')
      for (const name of LEFT_OUT) chain.resolve.alias.set(`${name}$`, instead)
      // only the router asks for the tab bar; what else lives beside it stays
      const swap = (wish: { context: string; request: string }) => {
        if (/@tarojs[\\/]router/.test(wish.context)) wish.request = instead
      }
      chain
        .plugin('no-tab-bar')
        .use(webpack.NormalModuleReplacementPlugin, [/^@tarojs\/components\/dist\/components$/, swap])
    },
    publicPath: './',
    staticDirectory: 'static',
    useHtmlComponents: true,
    compile,
    router: { mode: 'hash' },
    output: { filename: 'js/[name].[contenthash:8].js', chunkFilename: 'js/[name].[chunkhash:8].js' },
    miniCssExtractPluginOption: {
      ignoreOrder: true,
      filename: 'css/[name].[contenthash:8].css',
      chunkFilename: 'css/[name].[chunkhash:8].css',
    },
    postcss: {
      autoprefixer: { enable: true, config: {} },
      pxtransform: { enable: false, config: {} },
      cssModules: { enable: false },
    },
  },
}

export default defineConfig<'webpack5'>(async () => base)
