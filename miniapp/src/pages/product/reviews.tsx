import { dayWords } from '@huiyuan/shared/time'
import { Image, Text, View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { api, type RouterOutputs } from '../../lib/api'
import { go } from '../../lib/nav'
import { usePages } from '../../lib/pages'
import { pictureUrl } from '../../lib/upload'
import { Button } from '../../ui/button'
import { Earlier } from '../../ui/earlier'
import { Stars } from '../../ui/stars'
import { Skeleton, States } from '../../ui/states'
import { tapProps } from '../../ui/tap'

type Review = RouterOutputs['obligation']['reviews']['reviews'][number]

/** What members say of one article, good or bad, each marked as thanked for. */
export function Reviews({ sku, member }: { sku: string; member: boolean }) {
  const { first, pages, ...rest } = usePages(['reviews', sku], (after) =>
    api.obligation.reviews.query({ sku, ...(after ? { after } : {}) }).then(({ reviews, next }) => ({
      reviews,
      nextCursor: next,
    })),
  )
  const reviews = pages.flatMap((page) => page.reviews)
  return (
    <View id="reviews" className="rv">
      <View className="rv-head">
        <Text className="hy-title">会员评价</Text>
        <Text className="hy-caption hy-3">好话坏话都在，谢礼一样</Text>
      </View>
      <States read={first} skeleton={<Skeleton rows={2} />}>
        {() => (
          <View>
            {reviews.map((review) => (
              <One key={review.reviewId} review={review} />
            ))}
            {reviews.length === 0 && <View className="hy-2 rv-none">还没有人写。喝过的人，可以来说第一句。</View>}
            <Earlier {...rest} />
            {member && (
              <View className="hy-dock">
                <Button id="review-write" kind="line" small block onTap={() => go('/pages/obligation/obligations')}>
                  我也喝过，去写一条
                </Button>
              </View>
            )}
          </View>
        )}
      </States>
    </View>
  )
}

const One = ({ review: { reviewId, nameMasked, rating, text, pictures, at, label } }: { review: Review }) => {
  const urls = pictures.flatMap(({ url }) => (url ? [pictureUrl(url)] : []))
  return (
    <View id={`review-${reviewId}`} className="rv-one">
      <View className="rv-one__head">
        <Text className="hy-bold rv-name">{nameMasked ?? '一位茶友'}</Text>
        <Text className="rv-label">{label}</Text>
        <Text className="hy-caption hy-3 rv-day">{dayWords(new Date(at), new Date())}</Text>
      </View>
      {rating !== null && <Stars n={rating} />}
      {text && <View className="hy-mt1">{text}</View>}
      {urls.length > 0 && (
        <View className="rv-pictures">
          {urls.map((url, index) => (
            <View
              key={url}
              className="rv-picture"
              {...tapProps(() => void Taro.previewImage({ urls, current: url }), `看第 ${index + 1} 张照片`)}
            >
              <Image className="rv-picture__in" src={url} mode="aspectFill" imgProps={{ alt: '' }} />
            </View>
          ))}
        </View>
      )}
    </View>
  )
}
