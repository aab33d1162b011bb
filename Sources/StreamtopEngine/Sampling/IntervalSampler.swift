import StreamtopBase

/// Samples of the active flows at an interval of capture time, for `--interval`: how far each flow was read.
struct IntervalSampler: ~Copyable {
    /// nil: nobody asked for samples.
    let interval: Nanoseconds?
    var active = ActiveFlows(.interval)
    var cursors = Slab<SampleCursor>()

    init(interval: Nanoseconds?) { self.interval = interval }
}
