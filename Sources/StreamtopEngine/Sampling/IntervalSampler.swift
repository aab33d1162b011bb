import StreamtopBase

/// Samples of the active flows at an interval of capture time, for `--interval`: when the next is due, and how far each
/// flow was read.
struct IntervalSampler: ~Copyable {
    /// nil: nobody asked for samples.
    let interval: Nanoseconds?
    var next = Timestamp(nanoseconds: .max)
    var active = ActiveFlows(.interval)
    var cursors = Slab<SampleCursor>()

    init(interval: Nanoseconds?) { self.interval = interval }

    mutating func begin(at time: Timestamp) {
        if let interval { next = time + interval }
    }
}
