import StreamtopBase

/// Which protocol a byte stream can be the beginning of, by its first bytes. A first sorting, as far as the bytes go: each
/// protocol's reader has the last word.
package struct StreamIdentity: Equatable, Sendable {
    package var kind: ProtocolKind
    /// Only a client begins like this, or only a server; nil where it cannot be told.
    package var isClient: Bool?

    /// nil where no protocol of ours begins like this.
    package init?(of bytes: RawSpan) {
        if TLSProbe.canBegin(bytes) {
            kind = .tls
            isClient = TLSProbe.isClientHello(bytes) ? true : nil
        } else {
            return nil
        }
    }
}
