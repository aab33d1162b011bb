import StreamtopBase
import StreamtopModel

/// One player's session: staircase over throughput, buffer with stalls and the round trip of its flow on one axis; what the
/// latency is made of; the segments as a waterfall.
enum SessionDetail {
    static func page(_ row: SessionRow, _ list: ListView) -> TallPage {
        var page = TallPage(width: list.width)
        SessionCharts(row, list).draw(&page)
        latency(row, &page)
        delivery(row, &page)
        SessionSegments(row, list).draw(&page)
        facts(row, list, &page)
        return page
    }

    /// The segment that was under way at the cursor; without one the newest.
    static func segment(_ row: SessionRow, at cursor: Timestamp?) -> MediaSegment? {
        let segments = row.mainSegments
        guard let cursor else { return segments.last }
        return segments.last { $0.requestTime <= cursor } ?? segments.first
    }

    // MARK: Latency

    /// What the age of the played media is made of. Parts add up to the whole as they are printed.
    private static func latency(_ row: SessionRow, _ page: inout TallPage) {
        guard let live = row.session.liveLatency else {
            page.add([TextSpan(Words.liveTitle + " ", .title), TextSpan(Words.unknown, .unknown)])
            return
        }
        let whole = tenMilliseconds(live.last)
        let sign = Words.isConcluded(live.source) ? "~" : ""
        var spans = [
            TextSpan(Words.liveTitle + " ", .title), TextSpan(sign, .estimate), TextSpan(text(whole) + " s ", .value),
            TextSpan(Words.latencySource(live.source), .label),
            TextSpan("   p50 \(text(tenMilliseconds(live.p50)))  p95 \(text(tenMilliseconds(live.p95)))", .text),
        ]
        if let drift = live.drift, abs(drift) >= 1 {
            spans.append(
                TextSpan("   drifts \(NumberText.fixed(drift, decimals: 0)) ms/min", drift > 20 ? .watch : .text))
        }
        page.add(spans)
        guard let known = live.parts else { return }
        var parts: [(name: String, hundredths: Int, role: StyleRole)] = []
        let held = min(whole, tenMilliseconds(known.buffer))
        var until = whole - held
        // One way is about half of the loop, and only a capture at the client has it all behind it.
        let trip = row.flow.flatMap { $0.roundTrip.total ?? $0.roundTrip.server }
        if row.flow?.tcp?.vantage == .client || row.flow?.quic != nil, let trip {
            let path = min(until, tenMilliseconds(trip.p50 / 2))
            until -= path
            parts.append(("encoder and origin", until, .chartRoundTrip))
            parts.append(("path ~", path, .chartQueue))
        } else {
            parts.append(("made and brought here", until, .chartRoundTrip))
        }
        let isModel = row.session.buffer?.source != .cmcd
        parts.append((isModel ? "player's buffer ~" : "player's buffer", held, .chartRateDown))
        drawParts(parts, of: whole, &page)
    }

    private static func drawParts(
        _ parts: [(name: String, hundredths: Int, role: StyleRole)], of whole: Int, _ page: inout TallPage
    ) {
        let longest = max(1, parts.map { abs($0.hundredths) }.max() ?? 1, whole)
        let barWidth = max(8, page.width - 40)
        for part in parts {
            page.draw(lines: 1) { area, cells in
                cells.putRight(part.name, right: 24, y: area.y, .label)
                cells.putRight(text(part.hundredths), right: 31, y: area.y, .value)
                if part.hundredths > 0 {
                    Gauge.draw(
                        Double(part.hundredths) / Double(longest),
                        in: Rect(x: 33, y: area.y, width: barWidth, height: 1),
                        part.role, rest: nil, into: &cells)
                }
            }
        }
    }

    private static func tenMilliseconds(_ time: Nanoseconds) -> Int {
        Int(min(max(time.seconds * 100, -1e9), 1e9).rounded())
    }

    private static func text(_ hundredths: Int) -> String { NumberText.fixed(Double(hundredths) / 100, decimals: 2) }

    // MARK: Delivery

    private static func delivery(_ row: SessionRow, _ page: inout TallPage) {
        var spans = [TextSpan(Words.chunksTitle + " ", .title)]
        if let interval = row.chunkInterval {
            let made = row.mainSegments.last?.chunks.map(\.duration).sorted()
            spans += [
                TextSpan("every ", .label), TextSpan(DurationText.milliseconds(interval) + " ms", .value),
            ]
            if let made, !made.isEmpty {
                spans.append(
                    TextSpan(
                        " (hold \(NumberText.fixed(made[made.count / 2] * 1_000, decimals: 0)) ms of media)", .text))
            }
        } else {
            spans.append(TextSpan(Words.unknown, .unknown))
        }
        if let pacing = row.session.pacing {
            spans.append(TextSpan("   " + Words.pacing(pacing), pacing == .encoder ? .fine : .watch))
        }
        page.add(spans)
    }

    private static func facts(_ row: SessionRow, _ list: ListView, _ page: inout TallPage) {
        let session = row.session
        for change in session.switches.suffix(6).reversed() {
            let at = DurationText.timeOfDay(change.time, utcOffsetSeconds: list.context.utcOffsetSeconds, tenths: true)
            let isUp = (change.toBandwidth ?? 0) > (change.fromBandwidth ?? 0)
            func name(_ identifier: String) -> String {
                Words.representation(session.representation(identifier)) ?? identifier
            }
            var spans = [
                TextSpan("switch ", .label), TextSpan(at, .muted),
                TextSpan(isUp ? " ↑ " : " ↓ ", isUp ? .fine : .watch),
                TextSpan("\(name(change.from)) to \(name(change.to))", .text),
            ]
            if let rate = change.throughput { spans.append(TextSpan("  throughput \(RateText.withUnit(rate))", .text)) }
            if let buffer = change.buffer {
                spans.append(TextSpan("  buffer \(NumberText.fixed(buffer, decimals: 1)) s", .text))
            }
            spans.append(
                TextSpan("  " + (change.cause.map { Words.switchCause($0) } ?? "cause not shown by figures"), .label))
            page.add(spans)
        }
        let clock = session.clockOffset
        let offsets = [("time source", clock.timeSource), ("Date", clock.date), ("prft ≥", clock.producer)]
            .compactMap { name, offset in offset.map { "\(name) \(DurationText.withUnit($0))" } }
        if !offsets.isEmpty {
            page.add([TextSpan("clocks against ours ", .label), TextSpan(offsets.joined(separator: "   "), .text)])
        }
        if let drift = session.mediaClock?.drift {
            page.add([
                TextSpan("media clock ", .label),
                TextSpan("\(NumberText.fixed(-drift, decimals: 0)) ms a minute", drift > 50 ? .watch : .text),
            ])
        }
        if let url = session.manifestURL { page.add([TextSpan("manifest ", .label), TextSpan(url, .text)]) }
        for identifier in session.flows.prefix(8) {
            let ends = list.context.flow(identifier).map { Words.ends($0) } ?? "has left the table"
            page.add([TextSpan(Words.flowNumber(identifier) + "  ", .accent), TextSpan(ends, .muted)])
        }
    }
}
