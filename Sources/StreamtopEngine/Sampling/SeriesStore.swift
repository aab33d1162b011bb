import StreamtopBase

/// The series of the flows that have one, and when the next values are due.
struct SeriesStore: ~Copyable {
    /// Series are kept at all.
    let isKept: Bool
    var recorders = Slab<SeriesRecorder>()
    var next = Timestamp(nanoseconds: .max)
    var active = ActiveFlows(.series)

    init(isKept: Bool) { self.isKept = isKept }

    mutating func begin(at time: Timestamp) {
        if isKept { next = time + SeriesRecorder.firstInterval }
    }
}
