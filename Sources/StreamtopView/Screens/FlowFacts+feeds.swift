import StreamtopBase
import StreamtopModel

/// Facts of flows that carry media by protocols of their own.
extension FlowFacts {
    static func feeds(_ flow: FlowSnapshot) -> [FactGroup] {
        var groups: [FactGroup] = []
        if let srt = flow.srt { groups.append(facts(of: srt)) }
        if let stream = flow.transportStream { groups.append(facts(of: stream)) }
        if let rtmp = flow.rtmp { groups.append(facts(of: rtmp)) }
        if let rtsp = flow.rtsp { groups.append(facts(of: rtsp)) }
        return groups
    }

    private static func facts(of srt: SRTSnapshot) -> FactGroup {
        var group = FactGroup(Words.srtGroup)
        let latency = srt.latency[srt.sender.reversed]
        group.add(
            Words.latencyLabel,
            [
                latency.map { TextSpan(DurationText.withUnit($0), .value) } ?? TextSpan(Words.unknown, .unknown),
                TextSpan("  " + (srt.isEncrypted ? Words.encryptedWord : Words.clearWord), .text),
                TextSpan(srt.version.map { "  " + $0 } ?? "", .muted),
            ])
        group.add(
            Words.budgetLabel, srt.budget.map { NumberText.fixed($0, decimals: 1) },
            srt.budget.map { $0 < 3 ? .watch : .fine } ?? .value)
        group.add(
            Words.lostAndRepaired,
            "\(NumberText.grouped(Int(clamping: srt.lost)))  \(srt.recovered.map { NumberText.grouped(Int(clamping: $0)) } ?? Words.unknown)"
        )
        let gone = srt.tooLate.map { NumberText.grouped(Int(clamping: $0)) } ?? Words.unknown
        let isWhole = srt.unrecovered == 0 && (srt.tooLate ?? 0) == 0
        group.add(
            Words.tooLateLabel, "\(gone)  \(NumberText.grouped(Int(clamping: srt.unrecovered)))",
            isWhole ? .fine : .watch)
        return group
    }

    private static func facts(of stream: TransportStreamSnapshot) -> FactGroup {
        var group = FactGroup(Words.transportStreamGroup)
        let kinds = stream.streams.map(\.kind).filter { !["pat", "pmt", "si", "null", "cat", "unknown"].contains($0) }
        group.add(
            Words.programLabel,
            [
                TextSpan(
                    kinds.isEmpty ? Words.unknown : kinds.joined(separator: " "), kinds.isEmpty ? .unknown : .value),
                TextSpan(stream.rate.map { "  " + RateText.withUnit($0) } ?? "", .text),
            ])
        group.add(
            Words.continuityLabel,
            [
                stream.continuityErrors.map {
                    TextSpan(NumberText.grouped(Int(clamping: $0)), $0 > 0 ? .watch : .fine)
                } ?? TextSpan(Words.unknown, .unknown),
                TextSpan(stream.broken.map { "  " + Words.brokenBy($0.rawValue) } ?? "", .text),
            ])
        if let interval = stream.clockInterval {
            group.add(
                Words.referencesLabel,
                "\(DurationText.withUnit(interval.p50))  max \(DurationText.withUnit(interval.longest))", .text)
        }
        addClock(stream.mediaClock, to: &group)
        return group
    }

    private static func facts(of rtmp: RTMPSnapshot) -> FactGroup {
        var group = FactGroup(Words.rtmpGroup)
        group.add(
            Words.roleLabel,
            [
                rtmp.role.map { TextSpan($0.rawValue, .value) } ?? TextSpan(Words.unknown, .unknown),
                TextSpan(rtmp.app.map { "  " + $0 } ?? "", .text),
            ])
        for (label, track) in [(Words.videoLabel, rtmp.video), (Words.audioLabel, rtmp.audio)] {
            guard let track else { continue }
            group.add(
                label,
                [
                    TextSpan(track.codec ?? Words.unknown, .value),
                    TextSpan(track.bitrate.map { "  " + RateText.withUnit($0) } ?? "", .text),
                ])
        }
        if let interval = rtmp.keyFrameInterval {
            group.add(Words.keyFramesLabel, DurationText.withUnit(interval), .text)
        }
        addClock(rtmp.mediaClock, to: &group)
        if let error = rtmp.error { group.addSentence("", error, .watch) }
        return group
    }

    private static func facts(of rtsp: RTSPSnapshot) -> FactGroup {
        var group = FactGroup(Words.rtspGroup)
        group.add(Words.carriedBy, rtsp.transport)
        group.add(Words.setUpLabel, rtsp.setup.map(DurationText.withUnit))
        addClock(rtsp.mediaClock, to: &group)
        return group
    }

    private static func addClock(_ clock: MediaClockSnapshot?, to group: inout FactGroup) {
        guard let behind = clock?.backlog else { return }
        group.add(Words.mediaBehind, DurationText.withUnit(behind), behind > .seconds(1) ? .watch : .text)
    }
}
