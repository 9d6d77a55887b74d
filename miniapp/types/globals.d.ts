/// <reference types="@tarojs/taro" />

declare const BFF_URL: string
/** Which server these pages were built for. */
declare const SERVER_SHAPE: string
declare const ARIA_ATTRIBUTES: Record<string, Record<string, string>>
declare module '*.css'
declare namespace NodeJS {
  interface ProcessEnv {
    TARO_ENV: 'weapp' | 'h5'
  }
}
