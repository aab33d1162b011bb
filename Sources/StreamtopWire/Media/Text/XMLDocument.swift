// Unsafe by nature: this file calls libexpat. The proof: the parser is made, used and freed within one call; expat reads exactly
// the bytes of a borrowed buffer and hands back zero-terminated strings that live until its callback returns; the context that
// the callbacks get outlives the parser.

internal import CExpat

/// Reads whole XML documents of bounded size. A document with a type declaration is refused: it is the only door to entities,
/// internal and external, and manifests have none.
package enum XMLDocument {
    /// Bytes of a document: hours of a timeline in one manifest.
    package static var lengthLimit: Int { 4 << 20 }
    package static var elementCapacity: Int { 60_000 }
    /// Elements inside each other; manifests need eight.
    package static var deepest: Int { 32 }
    /// Bytes of characters kept of one element.
    package static var textLimit: Int { 8_192 }

    /// The root of a document; nil where it is not well formed, has a type declaration, or passes a bound.
    package static func read(_ bytes: RawSpan) -> XMLElement? {
        guard bytes.byteCount > 0, bytes.byteCount <= lengthLimit, let parser = unsafe XML_ParserCreate(nil) else {
            return nil
        }
        defer { unsafe XML_ParserFree(parser) }
        let builder = TreeBuilder()
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
        unsafe XML_SetElementHandler(
            parser,
            { unsafe TreeBuilder.of($0)?.begin($1, $2) },
            { context, _ in unsafe TreeBuilder.of(context)?.end() })
        unsafe XML_SetCharacterDataHandler(parser) { unsafe TreeBuilder.of($0)?.add($1, $2) }
        unsafe XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in unsafe TreeBuilder.of(context)?.refuse()
        }
        builder.stop = { unsafe XML_StopParser(parser, 0) }
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe XML_Parse(
                parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), 1)
        }
        builder.stop = {}
        guard status == XML_STATUS_OK, !builder.isRefused else { return nil }
        return builder.root
    }
}

/// Puts the elements together as expat names them. Used by one call on one thread.
private final class TreeBuilder {
    var root: XMLElement?
    var isRefused = false
    var stop: () -> Void = {}
    private var open: [XMLElement] = []
    private var count = 0

    static func of(_ context: UnsafeMutableRawPointer?) -> TreeBuilder? {
        unsafe context.map { unsafe Unmanaged<TreeBuilder>.fromOpaque($0).takeUnretainedValue() }
    }

    func refuse() {
        isRefused = true
        stop()
    }

    func begin(_ name: UnsafePointer<CChar>?, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        count += 1
        guard !isRefused, count <= XMLDocument.elementCapacity, open.count < XMLDocument.deepest, let name = unsafe name
        else { return refuse() }
        var element = XMLElement(name: Self.local(unsafe String(cString: name)))
        var index = 0
        while let attributes = unsafe attributes, let key = unsafe attributes[index],
            let value = unsafe attributes[index + 1]
        {  // pairs up to a null; expat bounds them by the document
            element.attributes[Self.local(unsafe String(cString: key))] = unsafe String(cString: value)
            index += 2
        }
        open.append(element)
    }

    func end() {
        guard var element = open.popLast() else { return }
        element.text = Self.trimmed(element.text)
        if open.isEmpty {
            root = element
        } else {
            open[open.count - 1].children.append(element)
        }
    }

    func add(_ characters: UnsafePointer<CChar>?, _ count: Int32) {
        guard let characters = unsafe characters, let last = open.indices.last,
            open[last].text.utf8.count + Int(count) <= XMLDocument.textLimit
        else { return }
        let bytes = unsafe UnsafeRawBufferPointer(start: characters, count: Int(count))
        open[last].text += unsafe String(decoding: bytes, as: UTF8.self)
    }

    private static func local(_ name: String) -> String {
        name.lastIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name
    }

    private static func trimmed(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 > 0x20 }) else { return "" }
        var rest = text[...]
        while let first = rest.unicodeScalars.first, first.value <= 0x20 { rest.unicodeScalars.removeFirst() }
        while let last = rest.unicodeScalars.last, last.value <= 0x20 { rest.unicodeScalars.removeLast() }
        return String(rest)
    }
}
