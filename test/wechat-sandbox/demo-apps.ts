import type { MoreApp } from '../../bff/src/wechat'
import type { SandboxApp } from './world'

/** The demo's subscribe-message templates; the keys are those of `data`. */
export const DEMO_TEMPLATES = {
  points_arrived: {
    templateId: 'yZ7q0Jm3kPp1wT5uXc9vB2nL4sD6fG8hR0aE3iO5tYk',
    title: '积分到账通知',
    keys: ['thing1', 'number2', 'time3', 'thing4'],
  },
  phone_moved: {
    templateId: 'pH3mV8dQ1xK6rT0bN5wZ9sJ2cF7gL4yA1uE8oI6hXqM',
    title: '手机号变更提醒',
    keys: ['thing1', 'time2', 'thing3'],
  },
  pickup_ready: {
    templateId: 'qH5tY2nW8eK3rB7xC1mV6zL0dJ9fG4sA2uP8iO5hTkQ',
    title: '取货通知',
    keys: ['thing1', 'time2', 'thing3'],
  },
  reward_released: {
    templateId: 'jL9cR4vS1oN6xT2wF8kD5bM0yG7hZ3pE9aU1iQ6tVnJ',
    title: '奖励到账',
    keys: ['thing1', 'number2', 'time3', 'thing4'],
  },
  tier_ending: {
    templateId: 'tE2kN7rW5dM9xB3vQ8sL1cY6hJ4fZ0pG7aU2iO9mKwS',
    title: '等级到期提醒',
    keys: ['thing1', 'time2', 'thing3'],
  },
  honour_ending: {
    templateId: 'hE4mV8tS2cR6wK1xN9bL3yQ7fJ5dP0gA8uZ2iO6kTnM',
    title: '荣誉到期提醒',
    keys: ['thing1', 'time2', 'thing3'],
  },
  hand_in_reviewed: {
    templateId: 'rV7mK2tS9cW4xN1hB8qL5yJ3dF0gP6zA8uE2iO4kTnR',
    title: '审核结果通知',
    keys: ['thing1', 'time2', 'thing3'],
  },
  leaving: {
    templateId: 'lV6nC1xS8tK4wR9bJ3mQ7zY2dH5fP0gA8uE1iO6kWcN',
    title: '注销申请提醒',
    keys: ['thing1', 'time2', 'thing3'],
  },
} as const

/** The demo's mini-program and official account, when the environment names no others. */
export const DEMO_APPS = {
  weapp: { appid: 'wx5e0d1f0a7c3b9e21', secret: 'b6d9a1f4c7e24d0b9a3f5e8c1d7b6a40' },
  oa: { appid: 'wx8c4b2a6f1d9e7035', secret: '4f1e7a9c2b8d4c6f8e0a3d5b7c9e1f20' },
} as const

/** More apps of the brand, for tests: a mini-program to order ahead, and the tea garden's official account. */
export const MORE_APPS = {
  order: { kind: 'weapp', appid: 'wx3a7d5c9b1e2f8046', secret: '0c7b1e9d4a5f4e62b8d3a6f1c9e7b250', platform: '' },
  garden: { kind: 'oa', appid: 'wx6f2e8d4c0b1a9573', secret: 'a9d4c7f02e8b4b1d9c6e3f5a7b8d0c14', platform: '' },
} as const satisfies Record<string, MoreApp>

/** A template belongs to one mini-program: in the second one the same message has another id. */
export const ORDER_TEMPLATE = {
  ...DEMO_TEMPLATES.points_arrived,
  templateId: 'oR3dE8rQ1xK6tT0bN5wZ9sJ2cF7gL4yA1uE8oI6hXqM',
} as const

/** The sandbox's view of the brand's apps with these keys. */
export function demoApps(keys: {
  weapp: { appid: string; secret: string }
  oa: { appid: string; secret: string }
  more?: readonly MoreApp[]
}): SandboxApp[] {
  const templates = Object.values(DEMO_TEMPLATES).map((one) => ({ ...one, keys: [...one.keys] }))
  const weapp: SandboxApp = { ...keys.weapp, kind: 'weapp', name: '一盏', templates }
  const oa: SandboxApp = { ...keys.oa, kind: 'oa', name: '一盏' }
  const more = (keys.more ?? []).map(({ kind, appid, secret, platform }): SandboxApp => {
    const own = kind === 'weapp' ? { templates: [{ ...ORDER_TEMPLATE, keys: [...ORDER_TEMPLATE.keys] }] } : {}
    return { kind, appid, secret, platform, name: kind === 'weapp' ? '一盏点单' : '一盏茶园', ...own }
  })
  return [weapp, oa, ...more]
}
