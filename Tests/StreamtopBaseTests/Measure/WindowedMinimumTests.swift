import StreamtopBase
import Testing

@Suite struct WindowedMinimumTests {
    @Test func oldMinimumExpires() {
        var minimum = WindowedMinimum()
        for second in 0..<30 {
            let value: Int64 = second == 3 ? 10 : 50
            minimum.record(value, at: Timestamp(nanoseconds: .seconds(Int64(second))), window: .seconds(10))
            if second >= 3, second <= 13 { #expect(minimum.value == 10) }
        }
        #expect(minimum.value == 50)
    }
}
