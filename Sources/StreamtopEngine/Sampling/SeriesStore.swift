import StreamtopBase

/// The series of the flows that have one.
struct SeriesStore: ~Copyable {
    /// Series are kept at all.
    let isKept: Bool
    var recorders = Slab<SeriesRecorder>()
    var active = ActiveFlows(.series)

    init(isKept: Bool) { self.isKept = isKept }
}
