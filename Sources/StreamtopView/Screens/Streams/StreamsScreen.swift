import StreamtopBase
import StreamtopModel

/// RTP streams, one row a source and direction: what is lost and what of it comes back, jitter, frames, key frames, voice.
enum StreamsScreen {
    static let page = list.row(
        name: "Streams", digit: 4, count: { StreamRow.count($0) }, opens: .facts)

    private static let list = ListPage<StreamRow>(
        page: .streams,
        rows: { state, context in StreamRow.all(context.snapshot, state.filter) },
        key: { $0.key },
        columns: columns,
        severity: { $0.severity },
        note: { row in note(row) },
        detail: { row, list in StreamDetail.page(row, list.context, width: list.width) },
        detailLines: 9,
        flow: { row, _ in row.flow.identifier },
        empty: { _, context in
            context.snapshot.flows.contains { !$0.rtp.isEmpty } ? [Words.noStreamPasses] : Words.noStreams
        })

    private static let columns: [RowColumn<StreamRow>] = [
        .text("source", 8...8, 0) { (Words.sourceDigits($0.stream.source), $0.isQuiet ? .idle : .text) },
        .text("codec", 6...8, 1) { (Words.streamKind($0.stream), .badge) },
        .text("flow", 5...6, 3) { row in
            ("\(row.stream.from == .fromClient ? "▲" : "▼")\(Words.flowNumber(row.flow.identifier))", .label)
        },
        .fitted("from", 15...24, 12) { row, width in (EndpointText.fitted(row.sender, width: width), .text) },
        .number("b/s", 5, 2) { row in (row.stream.bitrate.map(RateText.short), .value) },
        .number("lost", 5, 0) { row in
            (
                row.stream.expected > 0 ? PercentText.ratio(row.stream.lossRatio) : nil,
                row.stream.lost > 0 ? .watch : .muted
            )
        },
        .number("rep.", 5, 4) { row in
            // Blank where nothing repairs: it does not apply.
            guard let repaired = row.stream.lostRepaired else { return ("", .text) }
            return (row.share(repaired), .text)
        },
        .number("final", 5, 1) { row in
            (row.stream.expected > 0 ? row.share(row.stream.lostFinal) : nil, row.stream.lostFinal > 0 ? .act : .muted)
        },
        .number("jitter", 6, 5) { row in (row.stream.jitter.map(DurationText.milliseconds), .value) },
        .number("frames", 6, 8) { row in
            guard row.stream.isVideo == true else { return ("", .text) }
            return (row.stream.frameJitter.map(DurationText.milliseconds), .value)
        },
        .number("fps", 4, 6) { row in
            guard row.stream.isVideo == true else { return ("", .text) }
            return ((row.stream.frames?.rate).map { NumberText.fixed($0, decimals: 0) }, .value)
        },
        .number("key s", 5, 9) { row in
            guard row.stream.isVideo == true else { return ("", .text) }
            return (row.stream.keyFrameInterval.map { NumberText.fixed($0.seconds, decimals: 1) }, .value)
        },
        .number("frz", 3, 7) { row in
            guard row.stream.isVideo == true else { return ("", .text) }
            let count = row.stream.freezes?.count
            return (count.map { "\($0)" }, (count ?? 0) > 0 ? .watch : .muted)
        },
        .number("mos", 3, 7) { row in
            guard row.stream.isVideo == false else { return ("", .text) }
            let score = row.stream.voice?.last
            return (score.map { NumberText.fixed($0, decimals: 1) }, score.map { $0 < 3.6 ? .watch : .fine } ?? .text)
        },
        .number("nack", 5, 13) { row in (row.stream.nacks.map { NumberText.grouped($0) }, .text) },
        .number("pli", 3, 13) { row in (row.stream.pictureLossIndications.map { "\($0)" }, .text) },
        .number("playout", 7, 14) { row in
            guard row.stream.isVideo == false else { return ("", .text) }
            return (row.stream.playout.map { "~" + DurationText.milliseconds($0.buffer) }, .text)
        },
    ]

    /// The course of the losses and the marks of repair; nothing where all is quiet.
    private static func note(_ row: StreamRow) -> [TextSpan]? {
        let stream = row.stream
        var marks: [TextSpan] = []
        func add(_ text: String, _ role: StyleRole = .label) { marks.append(TextSpan("  " + text, role)) }
        if let repeats = row.repeats, stream.lost > 0 || repeats.repairs > 0 {
            add("RTX \(NumberText.grouped(repeats.repairs)) repaired", .markRetransmission)
        }
        if let count = stream.nacks, count > 0 {
            add(
                "NACK \(NumberText.grouped(stream.nackedNumbers))"
                    + (stream.nackedAgain > 0 ? " (again \(stream.nackedAgain))" : ""))
        }
        if let count = stream.pictureLossIndications, count > 0 { add("PLI \(count)", .watch) }
        if let count = stream.fullIntraRequests, count > 0 { add("FIR \(count)", .watch) }
        if let fec = stream.fec {
            add(
                fec.recovered == nil
                    ? "FEC \(fec.kind.rawValue) \(NumberText.grouped(fec.packets)) packets"
                    : "FEC " + Words.forwardCorrection(fec))
        }
        if let offset = stream.lipSync { add(Words.lipSync(offset), abs(offset) > .milliseconds(80) ? .watch : .label) }
        if let layer = stream.layer { add(Words.layer(layer), .muted) }
        let hasLoss = stream.seconds.contains { $0.lost > 0 }
        guard hasLoss || !marks.isEmpty else { return nil }
        return (hasLoss ? LossStrip.spans(stream.seconds, width: min(24, LossStrip.length(stream.seconds))) : [])
            + marks
    }
}

extension StreamRow {
    fileprivate func share(_ packets: UInt64) -> String? {
        stream.expected > 0 ? PercentText.ratio(Double(packets) / Double(stream.expected)) : nil
    }

    /// It sends nothing now.
    fileprivate var isQuiet: Bool { (stream.bitrate ?? 0) == 0 }
}
