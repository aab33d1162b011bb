// Unsafe only to lend a frame's bytes to the filter; offset and length of a record lie inside the batch by its contract
// and are checked again.
import StreamtopBase

/// A BPF filter for frames from files, compiled once for each link type that turns up.
package final class CaptureFilter {
    package let expression: String
    private var programs: [LinkType: FilterProgram?] = [:]
    /// Frames of link types the filter cannot be compiled for; they do not pass.
    package private(set) var unfilterable: UInt64 = 0

    /// Compiles the filter for Ethernet, and for `linkTypes` where they are known: it must make sense for one of them.
    package init(_ expression: String, linkTypes: [LinkType] = [.ethernet]) throws(CaptureError) {
        self.expression = expression
        var refusal: CaptureError?
        for linkType in linkTypes.isEmpty ? [.ethernet] : linkTypes {
            do throws(CaptureError) {
                programs[linkType] = try FilterProgram(expression, linkType: linkType)
            } catch {
                programs[linkType] = .some(nil)
                refusal = error
            }
        }
        if let refusal, !programs.values.contains(where: { $0 != nil }) { throw refusal }
    }

    /// Drops the frames of `batch` that do not match, in place.
    package func apply(to batch: inout FrameBatch) {
        var kept = 0
        var current: (linkType: LinkType, program: FilterProgram?)?
        for index in batch.frames.indices {
            let frame = batch.frames[index]
            if current?.linkType != frame.linkType { current = (frame.linkType, program(for: frame.linkType)) }
            guard let program = current?.program else {
                unfilterable &+= 1
                continue
            }
            let matches = unsafe batch.bytes.withUnsafeBytes { whole in
                guard frame.offset >= 0, frame.capturedLength >= 0,
                    frame.offset <= whole.count - frame.capturedLength
                else { return false }
                let position = frame.offset..<(frame.offset + frame.capturedLength)
                return unsafe program.matches(
                    UnsafeRawBufferPointer(rebasing: whole[position]), wireLength: frame.wireLength)
            }
            guard matches else { continue }
            batch.frames[kept] = frame
            kept += 1
        }
        batch.frames.removeLast(batch.frames.count - kept)
    }

    private func program(for linkType: LinkType) -> FilterProgram? {
        if let known = programs[linkType] { return known }
        let program = try? FilterProgram(expression, linkType: linkType)
        programs[linkType] = .some(program)
        return program
    }
}
