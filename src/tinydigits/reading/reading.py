"""`read`: a photo, a scan or a drawing → the numbers written there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.glyphs import cut_out, glyph_of
from tinydigits.reading.judge import judge
from tinydigits.reading.marks import Mark, find_marks
from tinydigits.reading.order import in_lines
from tinydigits.reading.page import find_ink
from tinydigits.reading.picture import Source, open_picture
from tinydigits.reading.rules import erase_rules
from tinydigits.reading.page import Ink
from tinydigits.reading.splitting import cuts_of

def read(source, debug=None):
    import time; T=[time.perf_counter()]
    def tick(n): T.append(time.perf_counter()); 
    p=open_picture(source, 4_000_000); tick('open')
    ink=find_ink(p.pixels); tick('ink')
    s=erase_rules(ink.strength, ink.mask); ink2=Ink(s, ink.threshold); tick('rules')
    m=find_marks(ink2.mask); tick('marks')
    cuts=[cut_out(ink2,m.labels,k) for k in m.marks]
    items=[(k,c) for k,c in zip(m.marks,cuts)]
    out=[]
    if items:
        G=np.stack([glyph_of(c) for _,c in items]); tick('glyph')
        v=judge(G); tick('judge')
        final=[]
        for (k,c),g,pr,l in zip(items,G,v.probabilities,v.likeness): final.append((k,g,pr,l))
        # splits
        new=[]
        for (k,g,pr,l),(_,c) in zip(final,items):
            cs=cuts_of(c,m.height)
            best=None
            if cs:
                H=np.stack([glyph_of(q) for x in cs for q in (c[:,:x],c[:,x:])]); w=judge(H)
                sc=w.likeness.reshape(-1,2).min(1); b=int(sc.argmax())
                if sc[b]>l: best=b
            if best is None: new.append((k,g,pr,l))
            else:
                x=cs[best]
                for j,(a,b_) in enumerate(((0,x),(x,c.shape[1]))):
                    new.append((Mark(k.left-1+a,k.top,b_-a,k.height,k.pieces),H[2*best+j],w.probabilities[2*best+j],w.likeness[2*best+j]))
        tick('split')
        lines=in_lines([n[0] for n in new])
        for L in lines: out.append([(int(new[i][2].argmax()),float(new[i][2].max()),float(new[i][3]),new[i][0],new[i][1]) for i in L])
        tick('order')
    if debug is not None: debug.update(ink=ink,ink2=ink2,marks=m,times=[round((b-a)*1e3,1) for a,b in zip(T,T[1:])],pixels=p.pixels)
    return out
