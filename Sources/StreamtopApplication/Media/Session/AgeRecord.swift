import StreamtopBase
import StreamtopModel

/// Many lengths of time, of which quantiles are wanted: the newest are kept, extremes are of all.
struct AgeRecord: Sendable {
    static let capacity = 1_024

    private var newest = BoundedHistory<Nanoseconds>(capacity: AgeRecord.capacity)
    private(set) var count = 0
    private(set) var minimum: Nanoseconds = .max
    private(set) var maximum: Nanoseconds = .min
    private(set) var last: Nanoseconds = 0

    init() {}

    mutating func record(_ age: Nanoseconds) {
        count += 1
        last = age
        minimum = min(minimum, age)
        maximum = max(maximum, age)
        newest.append(age)
    }

    var sorted: [Nanoseconds] { newest.elements.sorted() }

    func quantiles(_ shares: [Double]) -> [Nanoseconds] {
        let values = sorted
        guard !values.isEmpty else { return shares.map { _ in 0 } }
        return shares.map { values[min(values.count - 1, Int(Double(values.count) * $0))] }
    }
}
