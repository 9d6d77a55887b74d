import { Image, Text, View } from '@tarojs/components'
import { api } from '../../lib/api'
import { refresh } from '../../lib/query'
import { pictureUrl } from '../../lib/upload'
import { Appeal, Asked, Said } from '../../ui/appeal'
import { Button } from '../../ui/button'
import { Stars } from '../../ui/stars'
import { Track } from '../../ui/track'
import type { Obligation } from './obligations'
import { handInSteps } from './standing'

const OUTCOME = { granted: '再看之后：通过', declined: '再看之后：还是没有通过' }

interface StateWish {
  obligation: Obligation
  /** Opens the form once more; null where it is open, or cannot be. */
  onAgain: (() => void) | null
  /** Whether the form is open with what came back. */
  again: boolean
}

/** What became of the last hand-in: where it is, why it came back, and what can be done then. */
export function HandInState({ obligation, onAgain, again }: StateWish) {
  const { submission, tries, state } = obligation
  if (!submission) return null
  const { submissionId, answer, appeal, mayAppealUntil } = submission
  const send = async (words: string, requestId: string) => {
    await api.obligation.appeal.mutate({ requestId, submissionId, words })
    await refresh('obligation', 'obligations')
  }
  const left = tries.most - tries.used
  // what is being written anew begins with these words; they are not shown twice
  const writing = state === 'rejected' && again
  return (
    <View id="hand-in-state" className="hy-panel hy-panel--pad hy-mt3">
      <Track id="hand-in-track" steps={handInSteps(submission, new Date())} />
      {answer && <Said title="同事的回复" words={answer} />}
      {appeal && <Asked {...appeal} outcome={OUTCOME} />}
      {state === 'rejected' && onAgain && (
        <View className="hy-dock">
          <Button id="hand-in-again" block onTap={onAgain}>
            改一改再交
          </Button>
          <View className="hy-caption hy-3 hy-center hy-mt2">{`还可以交 ${left} 次`}</View>
        </View>
      )}
      {mayAppealUntil && (
        <Appeal until={mayAppealUntil} placeholder="比如：照片里的就是我那一杯，杯身上有取餐号" send={send} />
      )}
      {!writing && <Own submission={submission} />}
    </View>
  )
}

/** What was handed in, to be read once more. */
const Own = ({
  submission: { text, rating, link, uploads },
}: {
  submission: NonNullable<Obligation['submission']>
}) => (
  <View className="ob-own">
    <View className="ob-own__head">
      <Text className="hy-caption hy-3">你写的</Text>
      {rating !== null && <Stars n={rating} />}
    </View>
    {text && <View className="hy-2">{text}</View>}
    {link && <View className="hy-2 ob-own__link">{link}</View>}
    <View className="ob-photos ob-own__photos">
      {uploads.map(({ uploadId, url, state }, index) => (
        <View key={uploadId} className="ob-photo__place">
          <View className="ob-photo">
            {url ? (
              <Image
                className="ob-photo__image"
                src={pictureUrl(url)}
                mode="aspectFill"
                imgProps={{ alt: `交上来的第 ${index + 1} 张照片` }}
              />
            ) : (
              <View className="ob-photo__gone hy-caption hy-3">
                {state === 'refused' ? '没有通过检查' : '已经收回'}
              </View>
            )}
          </View>
        </View>
      ))}
    </View>
  </View>
)
