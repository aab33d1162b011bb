import StreamtopBase
import StreamtopModel

/// How much of the truth we got to see: drops, cuts, caps, our own cost.
enum CaptureScreen {
    static let lineLimit = 200

    static let page = PageRow(
        page: .capture, name: "Capture", digit: 9, keys: .capture, isFiltered: false,
        draw: { context, state, layout, cells in draw(context, state, layout, into: &cells) },
        move: { movement, state, _, page in
            state.captureScroll = movement.moved(state.captureScroll, count: lineLimit, page: page)
        })

    static func draw(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout, into cells: inout CellBuffer) {
        cells.put(Words.captureHeader, x: 2, y: layout.columns.y, .columnHeader, maxWidth: layout.content.width - 3)
        FactsPane.draw(groups(context), in: layout.content, scroll: state.captureScroll, into: &cells)
    }

    private static func groups(_ context: ViewContext) -> [FactGroup] {
        let snapshot = context.snapshot
        let health = snapshot.health
        var source = FactGroup(Words.captureSource)
        source.add(Words.captureFrom, context.source.name + " " + Words.sourceKind(context.source.kind))
        if !context.source.filter.isEmpty { source.add(Words.captureFilter, context.source.filter) }
        if let start = snapshot.start {
            source.add(
                Words.captureStart,
                DurationText.timeOfDay(start, utcOffsetSeconds: context.utcOffsetSeconds, tenths: true))
            source.add(Words.captureSpan, DurationText.clock(snapshot.time - start, tenths: true))
        }
        source.add(Words.packets, NumberText.grouped(snapshot.totals.packets))
        source.add(Words.bytes, ByteText.short(snapshot.totals.bytes))
        source.add(Words.bytesCaptured, ByteText.short(snapshot.totals.capturedBytes))
        source.add(Words.flowsSeen, NumberText.grouped(snapshot.totals.flows))
        if let secrets = health.secrets {
            source.add(
                Words.secrets, NumberText.grouped(UInt64(secrets)), health.keyLogProblem == nil ? .value : .watch)
        }
        if let problem = health.keyLogProblem { source.addSentence(Words.keyLog, problem, .watch) }

        var losses = FactGroup(Words.captureLosses)
        losses.count(Words.dropsKernel, health.kernelDrops, .act)
        losses.count(Words.dropsInterface, health.interfaceDrops, .act)
        losses.count(Words.dropsOwn, health.ownDrops, .act)
        losses.count(Words.framesCut, health.truncatedFrames, .watch)
        losses.count(Words.timestampsBackwards, health.timestampsBackwards, .watch)
        if health.clock.count > 0 { losses.count(Words.clockSteps, UInt64(health.clock.count), .watch) }
        if health.clock.outliers > 0 { losses.count(Words.stampsIgnored, health.clock.outliers, .watch) }
        if let twice = health.seenTwice { losses.add(Words.seenTwice, Words.seenTwice(twice), .watch) }
        if let problem = health.problem { losses.add(Words.problem, problem, .act) }
        for output in health.failedOutputs { losses.add(Words.failedOutput, output.reason, .act) }

        var decode = FactGroup(Words.captureDecode)
        decode.count(Words.decodeTruncated, UInt64(max(0, health.decode.truncated)), .watch)
        decode.count(Words.decodeMalformed, UInt64(max(0, health.decode.malformed)), .watch)
        decode.count(Words.decodeUnsupported, UInt64(max(0, health.decode.unsupported)), .text)
        decode.count(Words.decodeGaps, UInt64(max(0, health.decode.gaps)), .watch)
        if health.decode.gapBytes > 0 { decode.add(Words.decodeGapBytes, ByteText.short(health.decode.gapBytes)) }
        for count in health.undecoded { decode.count(count.reason, count.packets, .text) }

        var tables = FactGroup(Words.captureTables)
        for table in health.tables {
            let share = table.capacity > 0 ? Double(table.used) / Double(table.capacity) : 0
            tables.addGauge(table.name, share, Words.usedOf(table.used, table.capacity, evicted: table.evicted))
        }
        if let memory = health.memory {
            let share = memory.capacity > 0 ? Double(memory.used) / Double(memory.capacity) : 0
            tables.addGauge(Words.wireBytesHeld, share, Words.held(memory))
        }
        tables.count(Words.flowsEvicted, snapshot.totals.evictedFlows, .watch)

        var own = FactGroup(Words.captureOwn)
        own.add(Words.ownCPU, health.ownCPU.map { PercentText.whole($0) + Words.ofOneCore })
        own.add(Words.ownMemory, health.ownMemoryBytes.map { ByteText.short($0) })
        var limits = FactGroup(Words.captureLimits)
        for limit in health.limits { limits.add(limit.name, Words.limit(limit)) }
        return [source, losses, decode, tables, own] + (health.limits.isEmpty ? [] : [limits])
    }
}
