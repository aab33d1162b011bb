import StreamtopBase
import StreamtopModel

/// One RTP stream in full: three losses apart, jitter, frames, playout, voice, what its receiver says.
enum StreamDetail {
    static func page(_ row: StreamRow, _ context: ViewContext, width: Int) -> TallPage {
        var page = TallPage(width: width)
        identity(row, &page)
        course(row, &page)
        losses(row, &page)
        times(row, &page)
        reports(row, context, &page)
        rest(row, &page)
        legs(row, context, &page)
        page.skip()
        page.addSentence([], Words.streamLegend, .muted)
        return page
    }

    private static func identity(_ row: StreamRow, _ page: inout TallPage) {
        let stream = row.stream
        var spans = [
            TextSpan(Words.source(stream.source), .accent), TextSpan("  " + Words.streamKind(stream), .badge),
            TextSpan(" " + Words.medium(stream.isVideo), .label),
            TextSpan("  \(EndpointText.full(row.sender)) \(Words.arrow) \(EndpointText.full(row.receiver))", .text),
            TextSpan("  " + Words.flowNumber(row.flow.identifier), .muted),
        ]
        // All video has a clock of 90 kHz.
        if let clock = stream.clockRate, stream.isVideo != true || clock != 90_000 {
            spans.append(TextSpan("  \(Words.clockRate(clock))", .label))
        }
        if let isEncrypted = stream.isEncrypted {
            spans.append(TextSpan(isEncrypted ? "  SRTP" : "  in clear", .label))
        }
        if stream.restarts > 0 { spans.append(TextSpan("  restarts \(stream.restarts)", .watch)) }
        page.addWrapped(spans)
    }

    private static func course(_ row: StreamRow, _ page: inout TallPage) {
        let stream = row.stream
        guard !stream.seconds.isEmpty else { return }
        let span = min(page.width - 16, 64, LossStrip.length(stream.seconds))
        page.add([TextSpan("loss a second  ", .label)] + LossStrip.spans(stream.seconds, width: span))
        guard stream.seconds.contains(where: { $0.keyFrames > 0 }) else { return }
        page.add([TextSpan("key frames     ", .label)] + LossStrip.keyFrames(stream.seconds, width: span))
    }

    private static func losses(_ row: StreamRow, _ page: inout TallPage) {
        let stream = row.stream
        var spans = [
            TextSpan("lost at the tap ", .label),
            TextSpan(NumberText.grouped(stream.lost), stream.lost > 0 ? .watch : .fine),
            TextSpan(" of \(NumberText.grouped(stream.expected))", .text),
        ]
        if let repaired = stream.lostRepaired {
            spans += [TextSpan("   repaired in time ", .label), TextSpan(NumberText.grouped(repaired), .value)]
        }
        if let fec = stream.fec, fec.recovered == nil {
            spans.append(TextSpan("   what FEC repairs is encrypted", .muted))
        } else if stream.lostRepaired == nil {
            spans.append(TextSpan("   nothing repairs it", .muted))
        }
        let final = [
            TextSpan("lost for the decoder ", .label),
            TextSpan(NumberText.grouped(stream.lostFinal), stream.lostFinal > 0 ? .act : .fine),
        ]
        if page.width >= 100 {
            page.add(spans + [TextSpan("   ", .text)] + final)
        } else {
            page.addWrapped(spans)
            page.add(final)
        }
        let disorder = "\(NumberText.grouped(stream.reordered)) late  \(NumberText.grouped(stream.duplicates)) twice"
        page.add([
            TextSpan("order ", .label), TextSpan(disorder, .text), TextSpan("   " + Words.bursts(stream), .muted),
        ])
    }

    private static func times(_ row: StreamRow, _ page: inout TallPage) {
        let stream = row.stream
        func time(_ time: Nanoseconds?) -> String { time.map(DurationText.milliseconds) ?? Words.unknown }
        var spans = [
            TextSpan("jitter ms ", .label), TextSpan(time(stream.jitter), .value),
            TextSpan("  mean \(time(stream.meanJitter))  max \(time(stream.maximumJitter))", .text),
        ]
        if stream.isVideo == true {
            spans += [TextSpan("   frames ", .label), TextSpan(time(stream.frameJitter), .value)]
        }
        if let clock = stream.mediaClock, let drift = clock.driftPerMinute {
            spans.append(TextSpan("   media clock \(Words.drift(drift))", .label))
        }
        page.addWrapped(spans)
        if let frames = stream.frames {
            var line = [TextSpan("frames ", .label), TextSpan(NumberText.grouped(frames.count), .value)]
            if let rate = frames.rate {
                line.append(TextSpan("  \(NumberText.fixed(rate, decimals: 1)) a second", .text))
            }
            if let size = frames.medianBytes { line.append(TextSpan("  median \(ByteText.short(size)) bytes", .text)) }
            if let count = stream.keyFrames { line.append(TextSpan("  key frames \(count)", .text)) }
            if let freezes = stream.freezes {
                line.append(
                    TextSpan(
                        freezes.count == 0
                            ? "  no freeze"
                            : "  freezes \(freezes.count), \(DurationText.withUnit(freezes.total)) in all, longest \(DurationText.withUnit(freezes.longest))",
                        freezes.count == 0 ? .fine : .watch))
            }
            page.addWrapped(line)
        }
        if let playout = stream.playout {
            page.add([
                TextSpan(Words.playoutModel + " ", .label),
                TextSpan("~" + DurationText.withUnit(playout.buffer), .value),
                TextSpan("  late \(NumberText.grouped(playout.late))  underruns \(playout.underruns)", .text),
            ])
        }
        if let voice = stream.voice {
            page.addSentence([TextSpan("MOS ", .label)], Words.voice(voice), voice.last < 3.6 ? .watch : .text)
        }
    }

    private static func reports(_ row: StreamRow, _ context: ViewContext, _ page: inout TallPage) {
        let stream = row.stream
        guard let rtcp = row.flow.rtcp else { return }
        var spans = [TextSpan(Words.reportsTitle + " ", .title)]
        if let trip = stream.roundTrip {
            spans += [TextSpan("round trip ", .label), TextSpan(DurationText.withUnit(trip.smoothed), .value)]
        }
        if let report = row.report {
            spans += [
                TextSpan("  receiver says ", .label),
                TextSpan(
                    "\(PercentText.ratio(report.fractionLost)) lost, \(NumberText.grouped(report.lost)) in all", .text),
                TextSpan(report.jitter.map { "  jitter \(DurationText.milliseconds($0)) ms" } ?? "", .text),
                TextSpan("  " + DurationText.age(context.snapshot.time - report.time) + " ago", .muted),
            ]
        } else if rtcp.isEncrypted {
            spans.append(TextSpan("  reports are encrypted (SRTCP)", .muted))
        }
        if spans.count > 1 { page.addWrapped(spans) }
        var asks: [TextSpan] = []
        if let count = stream.nacks, count > 0 {
            asks.append(
                TextSpan(
                    "NACK \(NumberText.grouped(count)) for \(NumberText.grouped(stream.nackedNumbers)) packets, again \(stream.nackedAgain)  ",
                    .text))
        }
        if let count = stream.pictureLossIndications, count > 0 { asks.append(TextSpan("PLI \(count)  ", .watch)) }
        if let count = stream.fullIntraRequests, count > 0 { asks.append(TextSpan("FIR \(count)  ", .watch)) }
        if let estimate = stream.receiverEstimate {
            asks.append(TextSpan("receiver's estimate \(RateText.withUnit(Double(estimate)))", .text))
        }
        if !asks.isEmpty { page.addWrapped([TextSpan("asks ", .label)] + asks) }
        if let times = stream.answerTimes { page.add([TextSpan("NACK to packet ", .label)] + spread(times)) }
    }

    private static func spread(_ times: DurationSpread) -> [TextSpan] {
        [
            TextSpan(DurationText.withUnit(times.p50), .value),
            TextSpan("  95 % \(DurationText.withUnit(times.p95))", .text),
            TextSpan("  max \(DurationText.withUnit(times.maximum))  of \(NumberText.grouped(times.samples))", .text),
        ]
    }

    private static func rest(_ row: StreamRow, _ page: inout TallPage) {
        let stream = row.stream
        if let repeats = row.repeats {
            page.addWrapped([
                TextSpan("RTX ", .label), TextSpan(Words.source(repeats.source), .accent),
                TextSpan(
                    "  \(NumberText.grouped(repeats.packets)) packets: \(NumberText.grouped(repeats.repairs)) repaired",
                    .text),
                TextSpan(
                    repeats.requested > 0
                        ? "  \(NumberText.grouped(repeats.requested)) for losses behind here" : "", .text),
                TextSpan("  \(NumberText.grouped(repeats.probes)) probes", .text),
            ])
        }
        if let times = stream.repairTimes { page.add([TextSpan("gap to repair ", .label)] + spread(times)) }
        if let fec = stream.fec { page.addSentence([TextSpan("FEC ", .label)], Words.forwardCorrection(fec), .text) }
        if let wide = stream.transportWide {
            var spans = [TextSpan("transport-wide ", .label)]
            if wide.packets > 0 {
                let text = "\(NumberText.grouped(wide.lost)) of \(NumberText.grouped(wide.packets)) lost"
                spans.append(TextSpan(text, .text))
            }
            if let delay = wide.queueDelay {
                spans.append(
                    TextSpan(
                        "  queue \(DurationText.withUnit(delay))"
                            + (wide.queueDelayMaximum.map { ", max \(DurationText.withUnit($0))" } ?? ""), .text))
            }
            page.addWrapped(spans)
        }
        if let layer = stream.layer { page.add([TextSpan("layer ", .label), TextSpan(Words.layer(layer), .text)]) }
        if let offset = stream.lipSync {
            page.add([TextSpan("beside its video ", .label), TextSpan(Words.lipSync(offset), .text)])
        }
    }

    /// The same stream on the other side of the box that this capture sits at.
    private static func legs(_ row: StreamRow, _ context: ViewContext, _ page: inout TallPage) {
        for call in context.snapshot.calls {
            for leg in call.legs.prefix(8)
            where [leg.incoming, leg.outgoing].contains(where: {
                $0.source == row.stream.source && $0.flow == row.flow.identifier
            }) {
                let delay = leg.delay.map { DurationText.withUnit($0.p50) } ?? Words.unknown
                page.addWrapped([
                    TextSpan("leg ", .label), TextSpan("in \(leg.lostIn) lost", .text),
                    TextSpan("  this box \(leg.lostInBox) lost, \(delay)", .text), TextSpan("  out ", .text),
                    leg.lostOut.map { TextSpan("\($0) lost", .text) } ?? TextSpan(Words.unknown, .unknown),
                    TextSpan("  " + Words.legJoin(leg), .muted),
                ])
            }
        }
    }
}
