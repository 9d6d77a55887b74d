import { sceneOf } from '@huiyuan/shared/referral'
import { type Ctx, memberIdOf } from '../ctx'
import { displayNameOf, wechatSays } from '../member'
import { codeImage } from './code-image'
import { findCampaign } from './find-campaign'
import { codeOf, LANDING_PAGE } from './show-referral'

/** The mini-program code of the own link, and the words around it; the phone draws the poster. @throws WECHAT_DOWN */
export async function showPoster(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const scene = sceneOf(await codeOf(ctx))
  const now = ctx.now()
  const [image, member, gift, found] = await Promise.all([
    wechatSays(() => codeImage(ctx.house, { scene, page: LANDING_PAGE })),
    ctx.db.member.findUniqueOrThrow({ where: { memberId }, select: { nameSealed: true } }),
    ctx.db.gift.findFirst({
      where: { kind: 'new_member', startsAt: { lte: now }, OR: [{ endsAt: null }, { endsAt: { gt: now } }] },
      orderBy: [{ startsAt: 'desc' }, { giftId: 'asc' }],
      select: { title: true },
    }),
    findCampaign(ctx),
  ])
  return {
    image: Buffer.from(image.bytes).toString('base64'),
    mime: image.mime,
    scene,
    inviterName: displayNameOf(ctx, member.nameSealed),
    giftTitle: gift?.title ?? null,
    /** What the campaign that runs says on it; empty for nothing. */
    words: found?.running ? found.campaign.words : '',
  }
}
