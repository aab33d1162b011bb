import Testing

@testable import StreamtopBase

@Suite struct SmallestTests {
    @Test func theSmallestComeFirstInOrder() {
        var random = SystemRandomNumberGenerator()
        for count in [0, 1, 2, 3, 10, 257] {
            for number in [0, 1, 2, 9, 256, 300] {
                let values = (0..<count).map { _ in Int.random(in: 0..<1_000, using: &random) }
                var moved = values
                moved.bringSmallestForward(number)
                let sorted = values.sorted()
                #expect(Array(moved.prefix(number)) == Array(sorted.prefix(number)), "\(values)")
                #expect(moved.sorted() == sorted, "\(values)")
            }
        }
    }
}
