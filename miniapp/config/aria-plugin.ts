const TOLD = { 'aria-role': '', 'aria-label': '', 'aria-checked': '', 'aria-disabled': '', 'aria-hidden': '' }

/**
 * What screen readers are told in WeChat. Taro's templates carry only attributes they know, and these they do not; the
 * running program must be taught the same ones, since both sides number them.
 */
export const ARIA_ATTRIBUTES = {
  View: TOLD,
  Text: TOLD,
  Button: TOLD,
  Input: TOLD,
  Textarea: TOLD,
  Image: TOLD,
  Canvas: TOLD,
}

interface Context {
  registerMethod(hook: { name: 'onSetupClose'; fn: (platform: Platform) => void }): void
}

interface Platform {
  platform: string
  template: { mergeComponents(ctx: Context, components: object): void }
}

/** A Taro plugin that writes the attributes for screen readers into WeChat's templates. */
export default function ariaPlugin(ctx: Context): void {
  ctx.registerMethod({
    name: 'onSetupClose',
    fn({ platform, template }) {
      if (platform === 'weapp') template.mergeComponents(ctx, ARIA_ATTRIBUTES)
    },
  })
}
